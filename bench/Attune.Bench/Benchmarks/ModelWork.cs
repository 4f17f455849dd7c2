using Attune.Kernels;
using Attune.Models.Configuration;
using Attune.Models.Weights;

namespace Attune.Bench.Benchmarks;

/// <summary>What a stretch of computation cannot do without.</summary>
/// <param name="Flops">Floating-point operations of matrix products, a multiply-add counted as two.</param>
/// <param name="Bytes">Traffic with memory, if nothing were kept in caches from one stretch to the next.</param>
public readonly record struct Work(double Flops, double Bytes)
{
    /// <summary>Seconds on a machine that reaches both ceilings at once: the roofline of Williams, Waterman and Patterson 2009.</summary>
    public double LeastSeconds(double flopsPerSecond, double bytesPerSecond) => Math.Max(Flops / flopsPerSecond, Bytes / bytesPerSecond);
}

/// <summary>
/// Work counted from a model's shape: the products with weights, and attention over the tokens that may be seen (half
/// of the square). Norms, activations, softmax and sampling are not counted.
/// </summary>
public static class ModelWork
{
    private const int Float = 4;

    // Parameter, gradient and both moments, each read and written once.
    private const int AdamBytes = 8 * Float;

    private const int Half = 2;

    // The same with the gradient in bfloat16, and the weights' rounding written.
    private const int RoundedAdamBytes = 6 * Float + 3 * Half;

    /// <summary>A training step in two stretches: forward with backward, which costs twice the forward, and the optimiser.</summary>
    /// <param name="time">Tokens of a row; all but the first are predicted.</param>
    public static IEnumerable<Work> TrainStep(TransformerConfig config, long batch, long time, Precision precision = Precision.F32)
    {
        var (weight, adam) = precision == Precision.Bf16 ? (Half, RoundedAdamBytes) : (Float, AdamBytes);
        var forward = Forward(config, batch * time, batch * (time - 1), batch * Triangle(time));
        // Weights are read forward and backward, gradients written.
        yield return new Work(3 * forward, 3.0 * weight * Parameters(config));
        yield return new Work(0, (double)adam * Parameters(config));
    }

    /// <summary>Decoding, a stretch for each pass: the prompts, then every new token but the last, which no pass reads.</summary>
    /// <param name="type">Of weights and, if it is not of a quantised kind, cache.</param>
    public static IEnumerable<Work> Decode(
        TransformerConfig config,
        long batch,
        long prompt,
        long newTokens,
        KernelType type = KernelType.F32
    )
    {
        var weights = BytesOf(type) * TrunkWeights(config) + HeadBytesOf(type) * HeadWeights(config);
        yield return new Work(Forward(config, batch * prompt, batch, batch * Triangle(prompt)), weights);
        for (var visible = prompt + 1; visible < prompt + newTokens; visible++)
        {
            var cache = 2.0 * (type == KernelType.BF16 ? Half : Float) * config.KeyValueWidth * config.Layers * batch * visible;
            yield return new Work(Forward(config, batch, batch, batch * visible), weights + cache);
        }
    }

    /// <summary>
    /// An iteration of PPO, where what frozen layers give is computed once for all who share them: sampling; the frozen layers; the upper
    /// ones of policy, reference and reward models; then for each update forward and backward through the upper layers, and the optimiser.
    /// </summary>
    public static IEnumerable<Work> PpoIteration(TransformerConfig config, PpoCase ppo)
    {
        var time = ppo.Prompt + ppo.NewTokens;
        var tokens = (long)ppo.Rollouts * time;
        var layer = 2.0 * TrunkWeights(config) / config.Layers * tokens + 4.0 * config.Width * ppo.Rollouts * Triangle(time);
        var head = 2.0 * HeadWeights(config) * ppo.Rollouts * ppo.NewTokens;
        var upper = (config.Layers - ppo.FrozenLayers) * layer;
        var trained = Parameters(config) * (config.Layers - ppo.FrozenLayers) / config.Layers;
        var updates = ppo.Epochs * ((ppo.Rollouts + ppo.Minibatch - 1) / ppo.Minibatch);
        return
        [
            .. Decode(config, ppo.Rollouts, ppo.Prompt, ppo.NewTokens, ppo.Precision == Precision.Bf16 ? KernelType.BF16 : KernelType.F32),
            new Work(ppo.FrozenLayers * layer + 2 * (upper + head) + ppo.RewardModels * upper, 0),
            new Work(ppo.Epochs * 3 * (upper + head), 0),
            new Work(0, (double)updates * (ppo.Precision == Precision.Bf16 ? RoundedAdamBytes : AdamBytes) * trained),
        ];
    }

    /// <summary>Each weight read once and written once in the engine's order; a tied embedding is written twice.</summary>
    public static IEnumerable<Work> Repack(TransformerConfig config, KernelType type = KernelType.F32)
    {
        var tables = HeadWeights(config) * (config.TiedHead ? 1 : 2);
        var others = Parameters(config) - tables;
        var written = BytesOf(type) * others + HeadBytesOf(type) * 2 * HeadWeights(config);
        yield return new Work(0, (double)Float * Parameters(config) + written);
    }

    /// <summary>Of a weight in a layer; a block of 32 has a scale, and in 4 bits a least value, of 2 bytes each.</summary>
    private static double BytesOf(KernelType type) =>
        type switch
        {
            KernelType.BF16 => Half,
            KernelType.Q8 => (double)BlockCodec.Bytes(BlockType.Q80) / BlockCodec.Length,
            KernelType.Q4 => (double)BlockCodec.Bytes(BlockType.Q41) / BlockCodec.Length,
            _ => Float,
        };

    /// <summary>Of a weight in the embeddings and the head, which have 8 bits where the layers have 4.</summary>
    private static double HeadBytesOf(KernelType type) => BytesOf(type == KernelType.Q4 ? KernelType.Q8 : type);

    /// <summary>Weights of the model, a tied head counted once.</summary>
    public static long Parameters(TransformerConfig config) => ParameterLayout.Of(config, HeadKind.Language).Sum(s => s.Length);

    /// <param name="tokens">Tokens that go through the trunk.</param>
    /// <param name="projected">Positions projected to the vocabulary.</param>
    /// <param name="seen">Over all tokens, the tokens each looks at, itself included.</param>
    private static double Forward(TransformerConfig config, long tokens, long projected, long seen) =>
        2.0 * TrunkWeights(config) * tokens + 2.0 * HeadWeights(config) * projected + 4.0 * config.Width * config.Layers * seen;

    private static long TrunkWeights(TransformerConfig config)
    {
        long width = config.Width;
        var attention = width * (width + 2 * config.KeyValueWidth) + width * width;
        var feedForward = (config.FeedForward == FeedForwardKind.SwiGlu ? 3L : 2L) * width * config.HiddenWidth;
        return config.Layers * (attention + feedForward);
    }

    private static long HeadWeights(TransformerConfig config) => (long)config.VocabularySize * config.Width;

    private static long Triangle(long time) => time * (time + 1) / 2;
}
