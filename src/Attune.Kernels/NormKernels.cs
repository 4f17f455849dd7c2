using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// LayerNorm (Ba et al. 2016) and RMSNorm (Zhang and Sennrich 2019) of float32 residuals, forward and backward. T is how normed
/// activations, weights and their gradients lie in memory. Widths are multiples of 16.
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
                        (Vector512.Load(x + i) + T.Load(delta, (long)row * width + i)).Store(to + i);
                    }

                    x = to;
                }

                var mean = isCentred ? Sum(x, width) / width : 0;
                var scale = (float)(1 / Math.Sqrt(SquareSum(x, width, mean) / width + epsilon));
                (statistics[2 * row], statistics[2 * row + 1]) = (mean, scale);
                var (shift, factor) = (Vector512.Create(mean), Vector512.Create(scale));
                for (var i = 0; i < width; i += 16)
                {
                    var y = (Vector512.Load(x + i) - shift) * factor * T.Load(weight, i);
                    T.Store(output, (long)row * width + i, bias is null ? y : y + T.Load(bias, i));
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
        var sums = (nint)MatrixProduct.Room(ref _shares, 2L * shares * width);
        ParallelLoop.For(
            shares,
            (long)rows * width,
            share =>
            {
                var weightSums = (float*)sums + 2L * share * width;
                new Span<float>(weightSums, 2 * width).Clear();
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
        for (var i = 0; i < width; i += 16)
        {
            var (ofWeight, ofBias) = (Vector512<float>.Zero, Vector512<float>.Zero);
            for (var share = 0; share < shares; share++)
            {
                ofWeight += Vector512.Load(sums + 2L * share * width + i);
                ofBias += Vector512.Load(sums + (2L * share + 1) * width + i);
            }

            T.Store(weightGradient, i, T.Load(weightGradient, i) + ofWeight);
            if (biasGradient is not null)
            {
                T.Store(biasGradient, i, T.Load(biasGradient, i) + ofBias);
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
        for (var i = 0; i < width; i += 16)
        {
            var normed = (Vector512.Load(x + i) - shift) * factor;
            var raw = T.Load(gradient, at + i);
            var g = raw * T.Load(weight, i);
            plain += g;
            weighted = Vector512.FusedMultiplyAdd(g, normed, weighted);
            Vector512.FusedMultiplyAdd(raw, normed, Vector512.Load(weightSums + i)).Store(weightSums + i);
            (raw + Vector512.Load(weightSums + width + i)).Store(weightSums + width + i);
        }

        var first = Vector512.Create(isCentred ? Vector512.Sum(plain) / width : 0);
        var second = Vector512.Create(Vector512.Sum(weighted) / width);
        for (var i = 0; i < width; i += 16)
        {
            var normed = (Vector512.Load(x + i) - shift) * factor;
            var g = T.Load(gradient, at + i) * T.Load(weight, i);
            var own = factor * (g - first - normed * second);
            (residualGradient is null ? own : Vector512.Load(residualGradient + i) + own).Store(inputGradient + i);
        }
    }

    private static float Sum(float* x, int width)
    {
        var total = Vector512<float>.Zero;
        for (var i = 0; i < width; i += 16)
        {
            total += Vector512.Load(x + i);
        }

        return Vector512.Sum(total);
    }

    private static double SquareSum(float* x, int width, float mean)
    {
        var (total, shift) = (Vector512<float>.Zero, Vector512.Create(mean));
        for (var i = 0; i < width; i += 16)
        {
            var centred = Vector512.Load(x + i) - shift;
            total = Vector512.FusedMultiplyAdd(centred, centred, total);
        }

        return Vector512.Sum(total);
    }

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
