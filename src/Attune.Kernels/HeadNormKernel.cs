using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// RMSNorm of every query and key head within joint rows of queries, keys and values, forward and backward; values pass as they are. T is
/// how all of it lies in memory. Head widths are multiples of 16.
/// </summary>
public static unsafe class HeadNormKernel
{
    // Rows whose share of a weight's gradient is summed apart; the shares are then added in order, whatever the number of threads.
    private const int RowsPerShare = 64;

    /// <param name="joint">[rows, JointWidth]</param>
    /// <param name="output">Likewise.</param>
    /// <param name="queryWeight">[headWidth], as is <paramref name="keyWeight"/></param>
    /// <param name="shape">Batch * Time rows.</param>
    public static void Forward<T>(void* joint, void* output, void* queryWeight, void* keyWeight, AttentionShape shape, double epsilon)
        where T : struct, IElement =>
        ParallelLoop.For(
            shape.Batch * shape.Time,
            (long)shape.Batch * shape.Time * shape.JointWidth,
            row =>
            {
                var at = (long)row * shape.JointWidth;
                var normed = (shape.Heads + shape.KeyValueHeads) * shape.HeadWidth;
                for (var head = 0; head < normed; head += shape.HeadWidth)
                {
                    var weight = head < shape.Width ? queryWeight : keyWeight;
                    var factor = Vector512.Create(Scale<T>(joint, at + head, shape.HeadWidth, epsilon));
                    for (var i = 0; i < shape.HeadWidth; i += 16)
                    {
                        T.Store(output, at + head + i, T.Load(joint, at + head + i) * factor * T.Load(weight, i));
                    }
                }

                for (var i = normed; i < shape.JointWidth; i += 16)
                {
                    T.Store(output, at + i, T.Load(joint, at + i));
                }
            }
        );

    /// <summary>
    /// The gradient of the normed rows becomes that of <paramref name="joint"/>; those of the weights are added to theirs.
    /// </summary>
    /// <param name="joint">Before the norm.</param>
    /// <param name="queryGradient">Null where the weights are not trained.</param>
    public static void Backward<T>(
        void* joint,
        void* gradient,
        void* queryWeight,
        void* keyWeight,
        void* queryGradient,
        void* keyGradient,
        AttentionShape shape,
        double epsilon
    )
        where T : struct, IElement
    {
        var rows = shape.Batch * shape.Time;
        var shares = (rows + RowsPerShare - 1) / RowsPerShare;
        var width = shape.HeadWidth;
        var sums = new float[2L * shares * width];
        ParallelLoop.For(
            shares,
            (long)rows * shape.JointWidth,
            share =>
            {
                fixed (float* own = &sums[2L * share * width])
                {
                    for (var row = share * RowsPerShare; row < Math.Min(rows, (share + 1) * RowsPerShare); row++)
                    {
                        for (var head = 0; head < shape.Heads + shape.KeyValueHeads; head++)
                        {
                            var isQuery = head < shape.Heads;
                            BackwardHead<T>(
                                joint,
                                gradient,
                                (long)row * shape.JointWidth + head * width,
                                isQuery ? queryWeight : keyWeight,
                                isQuery ? own : own + width,
                                width,
                                epsilon
                            );
                        }
                    }
                }
            }
        );
        if (queryGradient is not null)
        {
            AddShares<T>(sums, shares, width, queryGradient, keyGradient);
        }
    }

    private static void AddShares<T>(float[] sums, int shares, int width, void* queryGradient, void* keyGradient)
        where T : struct, IElement
    {
        for (var i = 0; i < width; i += 16)
        {
            var (ofQuery, ofKey) = (Vector512<float>.Zero, Vector512<float>.Zero);
            for (var share = 0L; share < shares; share++)
            {
                ofQuery += Vector512.LoadUnsafe(ref sums[2 * share * width + i]);
                ofKey += Vector512.LoadUnsafe(ref sums[(2 * share + 1) * width + i]);
            }

            T.Store(queryGradient, i, T.Load(queryGradient, i) + ofQuery);
            T.Store(keyGradient, i, T.Load(keyGradient, i) + ofKey);
        }
    }

    private static void BackwardHead<T>(void* joint, void* gradient, long at, void* weight, float* weightSums, int width, double epsilon)
        where T : struct, IElement
    {
        // With n = x scale and g = gradient * weight: dx = scale (g - n mean(g n)).
        var factor = Vector512.Create(Scale<T>(joint, at, width, epsilon));
        var products = Vector512<float>.Zero;
        for (var i = 0; i < width; i += 16)
        {
            var normed = T.Load(joint, at + i) * factor;
            var raw = T.Load(gradient, at + i);
            products = Vector512.FusedMultiplyAdd(raw * T.Load(weight, i), normed, products);
            Vector512.FusedMultiplyAdd(raw, normed, Vector512.Load(weightSums + i)).Store(weightSums + i);
        }

        var mean = Vector512.Create(Vector512.Sum(products) / width);
        for (var i = 0; i < width; i += 16)
        {
            var normed = T.Load(joint, at + i) * factor;
            T.Store(gradient, at + i, factor * (T.Load(gradient, at + i) * T.Load(weight, i) - normed * mean));
        }
    }

    private static float Scale<T>(void* joint, long at, int width, double epsilon)
        where T : struct, IElement
    {
        var total = Vector512<float>.Zero;
        for (var i = 0; i < width; i += 16)
        {
            var x = T.Load(joint, at + i);
            total = Vector512.FusedMultiplyAdd(x, x, total);
        }

        return (float)(1 / Math.Sqrt((double)Vector512.Sum(total) / width + epsilon));
    }
}
