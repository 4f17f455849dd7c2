using Attune.Kernels;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>Products with weights, forward and backward.</summary>
internal sealed unsafe partial class TensorKernels<T>
{
    internal override Tensor Linear(Tensor input, Tensor weight, Tensor? bias)
    {
        var (rows, inner) = Shape(input);
        var columns = (int)weight.size(0);
        if (!IsExact)
        {
            var (a, b) = (new BFloat16View(Start(input), inner, 1), new BFloat16View(Start(weight), 1, inner));
            var rounded = empty([rows, columns], Type);
            BFloat16Product.Multiply(a, b, (ushort*)Start(rounded), columns, rows, columns, inner, (ushort*)Start(bias));
            return rounded;
        }

        var output = empty([rows, columns]);
        MatrixProduct.Multiply(
            new MatrixView(Floats(input), inner, 1),
            new MatrixView(Floats(weight), 1, inner),
            Floats(output),
            columns,
            rows,
            columns,
            inner,
            (float*)Start(bias)
        );
        return output;
    }

    internal override Tensor LinearBackward(Tensor gradient, Tensor input, Tensor weight, Tensor? weightGradient, Tensor? biasGradient)
    {
        var (rows, outputs) = Shape(gradient);
        var inputs = (int)input.size(1);
        if (biasGradient is not null)
        {
            LayerKernels.AddColumnSums<T>(Start(gradient), rows, outputs, Start(biasGradient));
        }

        if (!IsExact)
        {
            return BFloat16Backward(gradient, input, weight, weightGradient);
        }

        if (weightGradient is not null)
        {
            MatrixProduct.Multiply(
                new MatrixView(Floats(gradient), 1, outputs),
                new MatrixView(Floats(input), inputs, 1),
                Floats(weightGradient),
                inputs,
                outputs,
                inputs,
                rows,
                add: true
            );
        }

        var result = empty([rows, inputs]);
        MatrixProduct.Multiply(
            new MatrixView(Floats(gradient), outputs, 1),
            new MatrixView(Floats(weight), inputs, 1),
            Floats(result),
            inputs,
            rows,
            inputs,
            outputs
        );
        return result;
    }

    private Tensor BFloat16Backward(Tensor gradient, Tensor input, Tensor weight, Tensor? weightGradient)
    {
        var ((rows, outputs), inputs) = (Shape(gradient), (int)input.size(1));
        var right = new BFloat16View(Start(input), inputs, 1);
        if (weightGradient is not null)
        {
            BFloat16Product.Multiply(
                new BFloat16View(Start(gradient), 1, outputs),
                right,
                (ushort*)Start(weightGradient),
                inputs,
                outputs,
                inputs,
                rows,
                add: true
            );
        }

        var result = empty([rows, inputs], Type);
        BFloat16Product.Multiply(
            new BFloat16View(Start(gradient), outputs, 1),
            new BFloat16View(Start(weight), inputs, 1),
            (ushort*)Start(result),
            inputs,
            rows,
            inputs,
            outputs
        );
        return result;
    }
}
