using System.Numerics;

namespace Attune.Control.Networks;

/// <summary>
/// A small network's forward pass on plain numbers, tanh or a leaky rectifier between layers and none after the last. A rollout asks for
/// one observation at a time: there the call of a tensor library costs ten times what its arithmetic does.
/// </summary>
public sealed class Mlp
{
    private readonly Layer[] _layers;
    private readonly float[][] _outputs;
    private readonly float? _leak;

    /// <param name="layers">weights [out, in] row by row, and biases [out], from the lowest</param>
    /// <param name="leak">slope of the rectifier between layers for negative numbers; null for tanh</param>
    public Mlp(IReadOnlyList<(float[] Weights, float[] Biases)> layers, float? leak = null)
    {
        _leak = leak;
        _layers = [.. layers.Select(l => new Layer(l.Weights, l.Biases))];
        _outputs = [.. _layers.Select(l => new float[l.Biases.Length])];
    }

    /// <summary>The last layer's output, valid until the next call.</summary>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<float> input)
    {
        for (var i = 0; i < _layers.Length; i++)
        {
            var output = _outputs[i];
            _layers[i].Forward(input, output);
            for (var o = 0; i < _layers.Length - 1 && o < output.Length; o++)
            {
                output[o] =
                    _leak is not { } slope ? MathF.Tanh(output[o])
                    : output[o] < 0 ? output[o] * slope
                    : output[o];
            }

            input = output;
        }

        return input;
    }

    private sealed class Layer
    {
        private readonly float[] _columns; // [in, out]: outputs lie together, so that a vector covers several

        public Layer(float[] weights, float[] biases)
        {
            Biases = biases;
            var inputs = weights.Length / biases.Length;
            _columns = new float[weights.Length];
            for (var o = 0; o < biases.Length; o++)
            {
                for (var i = 0; i < inputs; i++)
                {
                    _columns[i * biases.Length + o] = weights[o * inputs + i];
                }
            }
        }

        public float[] Biases { get; }

        public void Forward(ReadOnlySpan<float> input, float[] output)
        {
            Biases.CopyTo(output, 0);
            for (var i = 0; i < input.Length; i++)
            {
                AddScaled(output, _columns.AsSpan(i * output.Length, output.Length), input[i]);
            }
        }

        private static void AddScaled(Span<float> sums, ReadOnlySpan<float> column, float factor)
        {
            var o = 0;
            for (; o <= sums.Length - Vector<float>.Count; o += Vector<float>.Count)
            {
                (new Vector<float>(sums[o..]) + new Vector<float>(column[o..]) * factor).CopyTo(sums[o..]);
            }

            for (; o < sums.Length; o++)
            {
                sums[o] += column[o] * factor;
            }
        }
    }
}
