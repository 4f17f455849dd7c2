using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// LayerNorm (Ba et al. 2016) and RMSNorm (Zhang and Sennrich 2019) of float32 residuals, forward and backward. T is how normed
/// activations, weights and their gradients lie in memory.
/// </summary>
public static unsafe class NormKernels
{
    // Rows whose share of a weight's gradient is summed apart; the shares are then added in order, whatever the number of threads.
    private const int RowsPerShare = 64;

    [ThreadStatic]
    private static NativeBuffer? _shares;

    /// <summary>
    /// output = (x - mean) * scale * weight + bias, where x = input + delta; without mean and bias for RMSNorm.
    /// </summary>
    /// <param name="delta">[rows, width] of T, what a branch adds to the residual stream; null for nothing.</param>
    /// <param name="sum">[rows, width]: where x is written if there is a delta.</param>
    /// <param name="bias">Null for RMSNorm.</param>
    /// <param name="statistics">[rows, 2]: mean and scale of each row, for the backward pass</param>
    public static void Forward<T>(
        float* input,
        void* delta,
        float* sum,
        void* weight,
        void* bias,
        void* output,
        float* statistics,
        int rows,
        int width,
        double epsilon,
        bool isCentred
    )
        where T : struct, IElement =>
        InRows(
            rows,
            width,
            row =>
            {
                var x = input + (long)row * width;
                if (delta is not null)
                {
                    var to = sum + (long)row * width;
                    for (var i = 0; i < width; i += 16)
                    {
                        Part.StoreFloats<T>(
                            to + i,
                            width - i,
                            Part.Floats<T>(x + i, width - i) + Part.Load<T>(delta, (long)row * width + i, width - i)
                        );
                    }

                    x = to;
                }

                var mean = isCentred ? Sum<T>(x, width) / width : 0;
                var scale = (float)(1 / Math.Sqrt(SquareSum<T>(x, width, mean) / width + epsilon));
                (statistics[2 * row], statistics[2 * row + 1]) = (mean, scale);
                var (shift, factor) = (Vector512.Create(mean), Vector512.Create(scale));
                for (var i = 0; i < width; i += 16)
                {
                    var y = (Part.Floats<T>(x + i, width - i) - shift) * factor * Part.Load<T>(weight, i, width - i);
                    Part.Store<T>(output, (long)row * width + i, width - i, bias is null ? y : y + Part.Load<T>(bias, i, width - i));
                }
            }
        );

    /// <summary>inputGradient = residualGradient + the gradient of x; the gradients of weight and bias are added to theirs.</summary>
    /// <param name="x">[rows, width]</param>
    /// <param name="gradient">[rows, width] of T, of the output</param>
    /// <param name="residualGradient">[rows, width]: what reaches x past the norm, may be where the result goes; null for nothing</param>
    /// <param name="weightGradient">Null where weight and bias are not trained.</param>
    public static void Backward<T>(
        float* x,
        void* gradient,
        void* weight,
        float* statistics,
        float* residualGradient,
        float* inputGradient,
        void* weightGradient,
        void* biasGradient,
        int rows,
        int width,
        bool isCentred
    )
        where T : struct, IElement
    {
        var shares = (rows + RowsPerShare - 1) / RowsPerShare;
        var sums = (nint)MatrixProduct.Room(ref _shares, 2L * shares * Padded(width));
        ParallelLoop.For(
            shares,
            (long)rows * width,
            share =>
            {
                var weightSums = (float*)sums + 2L * share * Padded(width);
                new Span<float>(weightSums, 2 * Padded(width)).Clear();
                for (var row = share * RowsPerShare; row < Math.Min(rows, (share + 1) * RowsPerShare); row++)
                {
                    var at = (long)row * width;
                    BackwardRow<T>(
                        x + at,
                        gradient,
                        at,
                        weight,
                        statistics[2 * row],
                        statistics[2 * row + 1],
                        residualGradient is null ? null : residualGradient + at,
                        inputGradient + at,
                        weightSums,
                        width,
                        isCentred
                    );
                }
            }
        );
        if (weightGradient is not null)
        {
            AddShares<T>((float*)sums, shares, width, weightGradient, biasGradient);
        }
    }

    private static void AddShares<T>(float* sums, int shares, int width, void* weightGradient, void* biasGradient)
        where T : struct, IElement
    {
        var padded = Padded(width);
        for (var i = 0; i < width; i += 16)
        {
            var (ofWeight, ofBias) = (Vector512<float>.Zero, Vector512<float>.Zero);
            for (var share = 0; share < shares; share++)
            {
                ofWeight += Vector512.Load(sums + 2L * share * padded + i);
                ofBias += Vector512.Load(sums + (2L * share + 1) * padded + i);
            }

            Part.Store<T>(weightGradient, i, width - i, Part.Load<T>(weightGradient, i, width - i) + ofWeight);
            if (biasGradient is not null)
            {
                Part.Store<T>(biasGradient, i, width - i, Part.Load<T>(biasGradient, i, width - i) + ofBias);
            }
        }
    }

    private static void BackwardRow<T>(
        float* x,
        void* gradient,
        long at,
        void* weight,
        float mean,
        float scale,
        float* residualGradient,
        float* inputGradient,
        float* weightSums,
        int width,
        bool isCentred
    )
        where T : struct, IElement
    {
        // With n = (x - mean) scale and g = gradient * weight: dx = scale (g - mean(g) - n mean(g n)); RMSNorm has no mean(g).
        var (shift, factor) = (Vector512.Create(mean), Vector512.Create(scale));
        var (plain, weighted) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var biasSums = weightSums + Padded(width);
        for (var i = 0; i < width; i += 16)
        {
            var normed = (Part.Floats<T>(x + i, width - i) - shift) * factor;
            var raw = Part.Load<T>(gradient, at + i, width - i);
            var g = raw * Part.Load<T>(weight, i, width - i);
            plain += g;
            weighted = Vector512.FusedMultiplyAdd(g, normed, weighted);
            Vector512.FusedMultiplyAdd(raw, normed, Vector512.Load(weightSums + i)).Store(weightSums + i);
            (raw + Vector512.Load(biasSums + i)).Store(biasSums + i);
        }

        var first = Vector512.Create(isCentred ? Vector512.Sum(plain) / width : 0);
        var second = Vector512.Create(Vector512.Sum(weighted) / width);
        for (var i = 0; i < width; i += 16)
        {
            var normed = (Part.Floats<T>(x + i, width - i) - shift) * factor;
            var g = Part.Load<T>(gradient, at + i, width - i) * Part.Load<T>(weight, i, width - i);
            var own = factor * (g - first - normed * second);
            own = residualGradient is null ? own : Part.Floats<T>(residualGradient + i, width - i) + own;
            Part.StoreFloats<T>(inputGradient + i, width - i, own);
        }
    }

    private static float Sum<T>(float* x, int width)
        where T : struct, IElement
    {
        var total = Vector512<float>.Zero;
        for (var i = 0; i < width; i += 16)
        {
            total += Part.Floats<T>(x + i, width - i);
        }

        return Vector512.Sum(total);
    }

    private static double SquareSum<T>(float* x, int width, float mean)
        where T : struct, IElement
    {
        var (total, shift) = (Vector512<float>.Zero, Vector512.Create(mean));
        for (var i = 0; i < width; i += 16)
        {
            var centred = Part.Only<T>(Part.Floats<T>(x + i, width - i) - shift, width - i);
            total = Vector512.FusedMultiplyAdd(centred, centred, total);
        }

        return Vector512.Sum(total);
    }

    /// <summary>Room for sums of whole vectors.</summary>
    private static int Padded(int width) => (width + 15) / 16 * 16;

    private static void InRows(int rows, int width, Action<int> work)
    {
        const int grain = 16;
        ParallelLoop.For(
            (rows + grain - 1) / grain,
            (long)rows * width,
            part =>
            {
                for (var row = part * grain; row < Math.Min(rows, (part + 1) * grain); row++)
                {
                    work(row);
                }
            }
        );
    }
}
