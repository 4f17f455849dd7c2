using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// The element-wise parts of a transformer layer, forward and backward, on libtorch's threads. T is how activations, weights and their
/// gradients lie in memory; residuals are float32.
/// </summary>
public static unsafe class LayerKernels
{
    // Numbers that a worker takes at once: enough to pay for asking, few enough to share out.
    private const int Grain = 1 << 14;

    /// <summary>target = a + b, b being of T.</summary>
    public static void Add<T>(float* a, void* b, float* target, long count)
        where T : struct, IElement =>
        InParts(
            count,
            (start, end) =>
            {
                for (var i = start; i < end; i += 16)
                {
                    Part.StoreFloats<T>(target + i, end - i, Part.Floats<T>(a + i, end - i) + Part.Load<T>(b, i, end - i));
                }
            }
        );

    /// <summary>target = source, rounded to T.</summary>
    public static void Round<T>(float* source, void* target, long count)
        where T : struct, IElement =>
        InParts(
            count,
            (start, end) =>
            {
                for (var i = start; i < end; i += 16)
                {
                    Part.Store<T>(target, i, end - i, Part.Floats<T>(source + i, end - i));
                }
            }
        );

    /// <summary>Adds each column's sum over all rows to <paramref name="into"/>: the gradient of a bias.</summary>
    /// <param name="gradients">[rows, columns], columns a multiple of 16</param>
    public static void AddColumnSums<T>(void* gradients, int rows, int columns, void* into)
        where T : struct, IElement =>
        ParallelLoop.For(
            (columns + 63) / 64,
            (long)rows * columns,
            part =>
            {
                for (var column = part * 64; column < Math.Min(columns, part * 64 + 64); column += 16)
                {
                    var (even, odd) = (Vector512<float>.Zero, Vector512<float>.Zero);
                    var row = 0;
                    for (; row + 2 <= rows; row += 2)
                    {
                        even += Part.Load<T>(gradients, (long)row * columns + column, columns - column);
                        odd += Part.Load<T>(gradients, (long)(row + 1) * columns + column, columns - column);
                    }

                    if (row < rows)
                    {
                        even += Part.Load<T>(gradients, (long)row * columns + column, columns - column);
                    }

                    Part.Store<T>(into, column, columns - column, Part.Load<T>(into, column, columns - column) + even + odd);
                }
            }
        );

    /// <summary>The tanh approximation of x times the normal distribution function (Hendrycks and Gimpel 2016).</summary>
    public static void Gelu<T>(void* input, void* output, long count)
        where T : struct, IElement =>
        InParts(
            count,
            (start, end) =>
            {
                for (var i = start; i < end; i += 16)
                {
                    var x = Part.Load<T>(input, i, end - i);
                    Part.Store<T>(output, i, end - i, x * GeluGate(x));
                }
            }
        );

    /// <summary>gradient *= the derivative at the input.</summary>
    public static void GeluBackward<T>(void* input, void* gradient, long count)
        where T : struct, IElement =>
        InParts(
            count,
            (start, end) =>
            {
                for (var i = start; i < end; i += 16)
                {
                    var x = Part.Load<T>(input, i, end - i);
                    Part.Store<T>(gradient, i, end - i, Part.Load<T>(gradient, i, end - i) * GeluSlope(x, GeluGate(x)));
                }
            }
        );

    /// <summary>output = gate * logistic(gate) * value, of rows that hold first the gates, then the values.</summary>
    /// <param name="input">[rows, 2 * width]</param>
    public static void SwiGlu<T>(void* input, void* output, int rows, int width)
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * width,
            row =>
            {
                long from = 2L * row * width,
                    to = (long)row * width;
                for (var i = 0; i < width; i += 16)
                {
                    var gate = Part.Load<T>(input, from + i, width - i);
                    Part.Store<T>(
                        output,
                        to + i,
                        width - i,
                        gate * Vector512Math.Logistic(gate) * Part.Load<T>(input, from + width + i, width - i)
                    );
                }
            }
        );

    /// <summary>The gradients of gates and values.</summary>
    /// <param name="gradient">[rows, width]</param>
    /// <param name="inputGradient">[rows, 2 * width]</param>
    public static void SwiGluBackward<T>(void* input, void* gradient, void* inputGradient, int rows, int width)
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * width,
            row =>
            {
                long from = 2L * row * width,
                    to = (long)row * width;
                for (var i = 0; i < width; i += 16)
                {
                    var (gate, value, g) = (
                        Part.Load<T>(input, from + i, width - i),
                        Part.Load<T>(input, from + width + i, width - i),
                        Part.Load<T>(gradient, to + i, width - i)
                    );
                    var s = Vector512Math.Logistic(gate);
                    Part.Store<T>(
                        inputGradient,
                        from + i,
                        width - i,
                        g * value * s * (Vector512<float>.One + gate * (Vector512<float>.One - s))
                    );
                    Part.Store<T>(inputGradient, from + width + i, width - i, g * gate * s);
                }
            }
        );

    /// <summary>output = gelu(gate) * value, of rows that hold first the gates, then the values; the tanh approximation.</summary>
    /// <param name="input">[rows, 2 * width]</param>
    public static void GeGlu<T>(void* input, void* output, int rows, int width)
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * width,
            row =>
            {
                long from = 2L * row * width,
                    to = (long)row * width;
                for (var i = 0; i < width; i += 16)
                {
                    var gate = Part.Load<T>(input, from + i, width - i);
                    Part.Store<T>(output, to + i, width - i, gate * GeluGate(gate) * Part.Load<T>(input, from + width + i, width - i));
                }
            }
        );

    /// <summary>The gradients of gates and values.</summary>
    /// <param name="gradient">[rows, width]</param>
    /// <param name="inputGradient">[rows, 2 * width]</param>
    public static void GeGluBackward<T>(void* input, void* gradient, void* inputGradient, int rows, int width)
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * width,
            row =>
            {
                long from = 2L * row * width,
                    to = (long)row * width;
                for (var i = 0; i < width; i += 16)
                {
                    var (x, value, g) = (
                        Part.Load<T>(input, from + i, width - i),
                        Part.Load<T>(input, from + width + i, width - i),
                        Part.Load<T>(gradient, to + i, width - i)
                    );
                    var gate = GeluGate(x);
                    Part.Store<T>(inputGradient, from + i, width - i, g * value * GeluSlope(x, gate));
                    Part.Store<T>(inputGradient, from + width + i, width - i, g * x * gate);
                }
            }
        );

    /// <summary>Rows of a table, and of a second one where there is one, added: tokens and positions.</summary>
    /// <param name="second">[.., width]; null for none</param>
    public static void Gather<T>(void* first, long* firstRows, void* second, long* secondRows, float* target, int rows, int width)
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * width,
            row =>
            {
                for (var i = 0; i < width; i += 16)
                {
                    var sum = Part.Load<T>(first, firstRows[row] * width + i, width - i);
                    sum = second is null ? sum : sum + Part.Load<T>(second, secondRows[row] * width + i, width - i);
                    Part.StoreFloats<T>(target + (long)row * width + i, width - i, sum);
                }
            }
        );

    /// <summary>Adds each gradient row to its row of a table, in their order.</summary>
    public static void ScatterAdd<T>(float* gradients, long* tableRows, void* table, int rows, int width)
        where T : struct, IElement =>
        ParallelLoop.For(
            (width + 63) / 64,
            (long)rows * width,
            part =>
            {
                for (var row = 0; row < rows; row++)
                {
                    for (var i = part * 64; i < Math.Min(width, part * 64 + 64); i += 16)
                    {
                        Part.Store<T>(
                            table,
                            tableRows[row] * width + i,
                            width - i,
                            Part.Load<T>(table, tableRows[row] * width + i, width - i)
                                + Part.Floats<T>(gradients + (long)row * width + i, width - i)
                        );
                    }
                }
            }
        );

    /// <summary>s(2u) with 2u = 2 sqrt(2 / pi) (x + 0.044715 x^3): (1 + tanh u) / 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> GeluGate(Vector512<float> x) =>
        Vector512Math.Logistic(x * Vector512.FusedMultiplyAdd(Vector512.Create(0.0713548163f), x * x, Vector512.Create(1.59576912f)));

    /// <summary>The derivative of x s(2u): s + x s (1 - s) 2u'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> GeluSlope(Vector512<float> x, Vector512<float> gate)
    {
        var slope = Vector512.FusedMultiplyAdd(Vector512.Create(3 * 0.0713548163f), x * x, Vector512.Create(1.59576912f));
        return gate + x * gate * (Vector512<float>.One - gate) * slope;
    }

    private static void InParts(long count, Action<long, long> work) =>
        ParallelLoop.For((int)((count + Grain - 1) / Grain), count, part => work((long)part * Grain, Math.Min(count, (part + 1L) * Grain)));
}
