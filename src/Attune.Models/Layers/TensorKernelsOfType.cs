using Attune.Kernels;
using Attune.Models.Configuration;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <inheritdoc/>
internal sealed unsafe partial class TensorKernels<T> : TensorKernels
    where T : struct, IElement
{
    internal override ScalarType Type { get; } = T.Bytes == sizeof(float) ? ScalarType.Float32 : ScalarType.BFloat16;

    private bool IsExact => Type == ScalarType.Float32;

    internal override (Tensor Output, Tensor Sum, Tensor Statistics) Norm(
        TransformerConfig config,
        Tensor input,
        Tensor? delta,
        Tensor weight,
        Tensor? bias
    )
    {
        var (rows, width) = Shape(input);
        var output = empty([rows, width], Type);
        var sum = delta is null ? input : empty([rows, width]);
        var statistics = empty([rows, 2]);
        NormKernels.Forward<T>(
            Floats(input),
            Start(delta),
            Floats(sum),
            Start(weight),
            Start(bias),
            Start(output),
            Floats(statistics),
            rows,
            width,
            config.NormEpsilon,
            config.Norm == NormKind.LayerNorm
        );
        return (output, sum, statistics);
    }

    internal override Tensor NormBackward(
        TransformerConfig config,
        Tensor sum,
        Tensor gradient,
        Tensor weight,
        Tensor statistics,
        Tensor? residualGradient,
        Tensor? weightGradient,
        Tensor? biasGradient
    )
    {
        var (rows, width) = Shape(sum);
        var result = empty([rows, width]);
        NormKernels.Backward<T>(
            Floats(sum),
            Start(gradient),
            Start(weight),
            Floats(statistics),
            (float*)Start(residualGradient),
            Floats(result),
            Start(weightGradient),
            Start(biasGradient),
            rows,
            width,
            config.Norm == NormKind.LayerNorm
        );
        return result;
    }

    internal override Tensor Activate(TransformerConfig config, Tensor up)
    {
        var (rows, width) = ((int)up.size(0), config.HiddenWidth);
        var output = empty([rows, width], Type);
        if (config.FeedForward == FeedForwardKind.Gelu)
        {
            LayerKernels.Gelu<T>(Start(up), Start(output), (long)rows * width);
        }
        else if (config.FeedForward == FeedForwardKind.GeGlu)
        {
            LayerKernels.GeGlu<T>(Start(up), Start(output), rows, width);
        }
        else
        {
            LayerKernels.SwiGlu<T>(Start(up), Start(output), rows, width);
        }

        return output;
    }

    internal override Tensor ActivateBackward(TransformerConfig config, Tensor up, Tensor gradient)
    {
        var (rows, width) = Shape(gradient);
        if (config.FeedForward == FeedForwardKind.Gelu)
        {
            LayerKernels.GeluBackward<T>(Start(up), Start(gradient), (long)rows * width);
            return gradient;
        }

        var result = empty_like(up);
        if (config.FeedForward == FeedForwardKind.GeGlu)
        {
            LayerKernels.GeGluBackward<T>(Start(up), Start(gradient), Start(result), rows, width);
        }
        else
        {
            LayerKernels.SwiGluBackward<T>(Start(up), Start(gradient), Start(result), rows, width);
        }

        return result;
    }

    internal override Tensor HeadNorm(TransformerConfig config, Tensor joint, Tensor queryWeight, Tensor keyWeight)
    {
        var output = empty_like(joint);
        HeadNormKernel.Forward<T>(
            Start(joint),
            Start(output),
            Start(queryWeight),
            Start(keyWeight),
            ShapeOf(config, joint),
            config.NormEpsilon
        );
        return output;
    }

    internal override void HeadNormBackward(
        TransformerConfig config,
        Tensor joint,
        Tensor gradient,
        Tensor queryWeight,
        Tensor keyWeight,
        Tensor? queryGradient,
        Tensor? keyGradient
    )
    {
        var shape = ShapeOf(config, joint);
        HeadNormKernel.Backward<T>(
            Start(joint),
            Start(gradient),
            Start(queryWeight),
            Start(keyWeight),
            Start(queryGradient),
            Start(keyGradient),
            shape,
            config.NormEpsilon
        );
    }

    private static AttentionShape ShapeOf(TransformerConfig config, Tensor joint) =>
        new(1, (int)joint.size(0), config.Heads, config.KeyValueHeads, config.HeadWidth);

    internal override (Tensor Output, Tensor LogSums) Attend(Tensor joint, FusedView view)
    {
        var shape = view.Shape;
        var output = empty([joint.size(0), shape.Width], Type);
        var logSums = empty([shape.Batch, shape.Heads, shape.Time]);
        AttentionKernel.Forward<T>(Start(joint), Start(output), Floats(logSums), shape, Of(view));
        return (output, logSums);
    }

    internal override Tensor AttendBackward(Tensor joint, Tensor output, Tensor logSums, Tensor gradient, FusedView view)
    {
        var result = empty_like(joint);
        AttentionKernel.Backward<T>(Start(joint), Start(output), Floats(logSums), Start(gradient), Start(result), view.Shape, Of(view));
        return result;
    }

    internal override Tensor Add(Tensor input, Tensor delta)
    {
        var sum = empty_like(input);
        LayerKernels.Add<T>(Floats(input), Start(delta), Floats(sum), input.numel());
        return sum;
    }

    internal override Tensor Rounded(Tensor exact)
    {
        if (IsExact)
        {
            return exact;
        }

        var rounded = empty(exact.shape, Type);
        LayerKernels.Round<T>(Floats(exact), Start(rounded), exact.numel());
        return rounded;
    }

    internal override Tensor Gather(Tensor table, Tensor rows, Tensor? second, Tensor? secondRows)
    {
        var (count, width) = ((int)rows.numel(), (int)table.size(1));
        var result = empty([count, width]);
        LayerKernels.Gather<T>(Start(table), (long*)Start(rows), Start(second), (long*)Start(secondRows), Floats(result), count, width);
        return result;
    }

    internal override void ScatterAdd(Tensor gradient, Tensor rows, Tensor tableGradient) =>
        LayerKernels.ScatterAdd<T>(
            Floats(gradient),
            (long*)Start(rows),
            Start(tableGradient),
            (int)rows.numel(),
            (int)tableGradient.size(1)
        );

    internal override Tensor LogSoftmax(Tensor logits, Tensor targets, double scale)
    {
        var (rows, vocabulary) = Shape(logits);
        var results = empty([4, rows]);
        var first = Floats(results);
        VocabularyKernel.Forward<T>(
            Start(logits),
            (long*)Start(targets),
            (float)scale,
            first,
            first + rows,
            first + 2L * rows,
            first + 3L * rows,
            rows,
            vocabulary
        );
        return results;
    }

    internal override void LogSoftmaxBackward(Tensor logits, Tensor targets, double scale, Tensor logSums, Tensor gradient)
    {
        var (rows, vocabulary) = Shape(logits);
        VocabularyKernel.Backward<T>(
            Start(logits),
            (long*)Start(targets),
            (float)scale,
            Floats(logSums),
            Floats(gradient),
            rows,
            vocabulary
        );
    }

    private static AttentionView Of(FusedView view) =>
        new((nint)Start(view.Starts), (nint)Start(view.Cosines), (nint)Start(view.Sines), view.AnglesPerToken);

    private static (int Rows, int Width) Shape(Tensor matrix) => ((int)matrix.size(0), (int)matrix.size(1));

    private static void* Start(Tensor? tensor) => tensor is null ? null : TensorMemory.Start(tensor);

    private static float* Floats(Tensor tensor) => (float*)TensorMemory.Start(tensor);
}
