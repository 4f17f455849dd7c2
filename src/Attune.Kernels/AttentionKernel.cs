namespace Attune.Kernels;

/// <summary>The shape of causal attention over joint rows of queries, keys and values.</summary>
/// <param name="KeyValueHeads">Divides <paramref name="Heads"/>; each serves as many query heads.</param>
public readonly record struct AttentionShape(int Batch, int Time, int Heads, int KeyValueHeads, int HeadWidth)
{
    /// <summary>Numbers of a token's row: queries of all heads, then keys, then values.</summary>
    public int JointWidth => (Heads + 2 * KeyValueHeads) * HeadWidth;

    public int Width => Heads * HeadWidth;
}

/// <summary>What attention needs beside its input.</summary>
/// <param name="Starts">[batch * time] int: the first token that each may look at; null for the row's first.</param>
/// <param name="Cosines">[batch * time or time, headWidth / 2] float32 of the rotary angles; null for none.</param>
/// <param name="AnglesPerToken">Whether the angles are given for each token of each row.</param>
public readonly record struct AttentionView(nint Starts, nint Cosines, nint Sines, bool AnglesPerToken);

/// <summary>
/// Causal softmax attention, forward and backward, in float32 whatever the type in memory. Only products of tokens that may see each
/// other are computed, in tiles of 6 queries by 64 keys; the backward pass recomputes the weights from the sums that forward keeps
/// (Dao et al. 2022, arXiv:2205.14135), one head at a time, so that nothing of size time * time outlives a head.
/// </summary>
public static unsafe class AttentionKernel
{
    [ThreadStatic]
    private static NativeBuffer? _scratch;

    /// <param name="joint">[batch * time, JointWidth]</param>
    /// <param name="output">[batch * time, Width]</param>
    /// <param name="logSums">[batch, heads, time]: log of each softmax's sum, for the backward pass</param>
    public static void Forward<T>(void* joint, void* output, float* logSums, AttentionShape shape, AttentionView view)
        where T : struct, IElement =>
        ParallelLoop.For(
            shape.Batch * shape.KeyValueHeads,
            Work(shape),
            item =>
            {
                var head = new AttentionScratch<T>(
                    shape,
                    view,
                    item / shape.KeyValueHeads,
                    item % shape.KeyValueHeads,
                    joint,
                    ref _scratch,
                    backward: false
                );
                head.LoadKeys();
                head.LoadValues();
                for (var query = 0; query < shape.Heads / shape.KeyValueHeads; query++)
                {
                    head.Forward(head.FirstQuery + query, output, logSums);
                }
            }
        );

    /// <summary>About what a row's products touch, beside the unpacking.</summary>
    private static long Work(AttentionShape shape) => (long)shape.Batch * shape.Time * shape.JointWidth * (1 + shape.Time / 64);

    /// <param name="gradient">[batch * time, Width], of the output</param>
    /// <param name="jointGradient">[batch * time, JointWidth], is written</param>
    public static void Backward<T>(
        void* joint,
        void* output,
        float* logSums,
        void* gradient,
        void* jointGradient,
        AttentionShape shape,
        AttentionView view
    )
        where T : struct, IElement =>
        ParallelLoop.For(
            shape.Batch * shape.KeyValueHeads,
            Work(shape),
            item =>
            {
                var head = new AttentionScratch<T>(
                    shape,
                    view,
                    item / shape.KeyValueHeads,
                    item % shape.KeyValueHeads,
                    joint,
                    ref _scratch,
                    backward: true
                );
                head.LoadKeys();
                head.LoadValues();
                for (var query = 0; query < shape.Heads / shape.KeyValueHeads; query++)
                {
                    head.Backward(head.FirstQuery + query, output, logSums, gradient, jointGradient);
                }

                head.StoreKeyGradients(jointGradient);
            }
        );
}
