using Attune.Bench.Benchmarks;
using Attune.Kernels;
using Attune.Models.Configuration;

namespace Attune.Bench.Tests;

public class ModelWorkTests
{
    // Width 4, hidden 16, 2 layers: each layer has 4*12 + 4*4 + 4*16 + 16*4 = 192 weights, the trunk 384. Head: 11*4 = 44.
    private static readonly TransformerConfig Gpt2 = TransformerConfig.Gpt2(
        vocabularySize: 11,
        width: 4,
        layers: 2,
        heads: 2,
        contextLength: 8
    );

    [Fact]
    public void A_training_step_costs_three_forward_passes()
    {
        // 3 rows of 5: 15 tokens through the trunk, 12 predicted, and 3 * (1 + 2 + 3 + 4 + 5) = 45 pairs that look at one another.
        // Forward: 2*384*15 + 2*44*12 + (2 + 2)*4*2*45 = 11520 + 1056 + 1440 = 14016.
        var step = ModelWork.TrainStep(Gpt2, batch: 3, time: 5).ToArray();

        Assert.Equal(3 * 14016, step.Sum(s => s.Flops));
    }

    [Fact]
    public void The_optimiser_moves_32_bytes_a_parameter()
    {
        // tokens 44, positions 8*4 = 32, per layer two norms of 8 and biases of 12 + 4 + 16 + 4 beside its 192 weights = 244, last norm 8.
        Assert.Equal(44 + 32 + 2 * 244 + 8, ModelWork.Parameters(Gpt2));
        Assert.Equal(new Work(0, 32 * 572), ModelWork.TrainStep(Gpt2, batch: 3, time: 5).Last());
    }

    [Fact]
    public void Decoding_reads_every_token_but_the_last_once()
    {
        // 3 rows, prompts of 2, 3 new tokens.
        // Prompts: 6 tokens, 3 projected, 3 * (1 + 2) = 9 pairs: 4608 + 264 + 288 = 5160.
        // Then 3 tokens a pass that see 3, then 4 each: 2304 + 264 + 32 * 9 = 2856 and 2304 + 264 + 32 * 12 = 2952.
        var passes = ModelWork.Decode(Gpt2, batch: 3, prompt: 2, newTokens: 3).ToArray();

        Assert.Equal([5160, 2856, 2952], passes.Select(p => p.Flops));
        // Weights (384 + 44) * 4 bytes, and for each row and visible token a key and a value of 4 floats in both layers.
        Assert.Equal(428 * 4 + 2 * 4 * 4 * 2 * 3 * 4, passes[^1].Bytes);
    }

    [Fact]
    public void In_bfloat16_weights_and_cache_are_half_as_much_to_read()
    {
        var (exact, half) = (ModelWork.Decode(Gpt2, 3, 2, 3).Last(), ModelWork.Decode(Gpt2, 3, 2, 3, KernelType.BF16).Last());
        Assert.Equal(exact.Flops, half.Flops);
        Assert.Equal(exact.Bytes, 2 * half.Bytes);
        // 572 weights read, and 572 with the 44 of the head again written.
        Assert.Equal(572 * 4 + 616 * 2, ModelWork.Repack(Gpt2, KernelType.BF16).Single().Bytes);
    }

    [Fact]
    public void What_frozen_layers_give_is_counted_once_an_iteration()
    {
        // 4 answers of 2 + 3 tokens: 20 tokens, 12 answer tokens, 4 * (1 + ... + 5) = 60 pairs. A layer: 2*192*20 + 4*4*60 = 8640; the
        // head: 2*44*12 = 1056. Frozen layer once; the upper one for policy, reference and one reward model, the head for the first two;
        // twice forward and backward.
        var work = ModelWork
            .PpoIteration(
                Gpt2,
                new PpoCase(Rollouts: 4, Prompt: 2, NewTokens: 3, Minibatch: 3, Epochs: 2, FrozenLayers: 1, RewardModels: 1) { Repeats = 1 }
            )
            .ToArray();
        var sampling = ModelWork.Decode(Gpt2, 4, 2, 3).Sum(w => w.Flops);

        Assert.Equal(sampling + 8640 + 2 * (8640 + 1056) + 8640 + 2 * 3 * (8640 + 1056), work.Sum(w => w.Flops));
        // Half of the 572 weights are trained, in 2 * 2 updates.
        Assert.Equal(4 * 32 * 286, work[^1].Bytes);
    }

    [Fact]
    public void Grouped_queries_and_gates_change_the_count()
    {
        // Width 8, 4 heads of 2, 2 for keys and values: 8*(8 + 8) + 8*8 = 192 in attention, 3*8*12 = 288 in the gated map. Head: 80.
        var llama = TransformerConfig.Llama(
            vocabularySize: 10,
            width: 8,
            layers: 1,
            heads: 4,
            keyValueHeads: 2,
            hiddenWidth: 12,
            contextLength: 8
        );

        // One token that sees itself: 2*480 + 2*80 + 4*8 = 1152.
        Assert.Equal(1152, ModelWork.Decode(llama, batch: 1, prompt: 1, newTokens: 1).Single().Flops);
    }

    [Fact]
    public void The_small_size_is_GPT2_with_124_million_weights()
    {
        Assert.Equal(124_439_808, ModelWork.Parameters(BenchmarkSize.Small.Config));
        // Six operations a weight and token, the usual estimate, is within a few per cent of the count.
        var estimate = 6.0 * 124_439_808 * 4 * 64;
        Assert.InRange(ModelWork.TrainStep(BenchmarkSize.Small.Config, 4, 64).Sum(s => s.Flops) / estimate, 0.97, 1.03);
    }

    [Fact]
    public void The_roofline_is_the_slower_of_computing_and_moving()
    {
        Assert.Equal(2, new Work(Flops: 200, Bytes: 10).LeastSeconds(flopsPerSecond: 100, bytesPerSecond: 10));
        Assert.Equal(3, new Work(Flops: 200, Bytes: 30).LeastSeconds(flopsPerSecond: 100, bytesPerSecond: 10));
    }
}
