using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

/// <summary>The trunk on own kernels against autograd's own operations.</summary>
public sealed class FusedTrunkTests
{
    /// <summary>Widths of heads below, at and above a tile; lengths on both sides of a panel; shared key heads; packed rows.</summary>
    public static TheoryData<string, bool> Shapes =>
        new()
        {
            { "gpt2", false },
            { "gpt2", true },
            { "narrow", false },
            { "odd gpt2", true },
            { "odd llama", false },
            { "odd gemma", true },
            { "llama", false },
            { "llama", true },
            { "wide heads", false },
            { "qwen3", false },
            { "gemma", true },
            { "mistral", false },
            { "mistral", true },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Loss_and_gradients_equal_those_of_autograds_own_operations(string shape, bool packed)
    {
        Assert.SkipUnless(TensorKernels.IsSupported, "this processor has no fused multiply-add: the stock operations are all there is");
        using var model = Noisy(shape);
        Assert.NotNull(model.Trunk.Fused);
        using var stock = model.Copy();
        stock.Trunk.Fused = null;
        var (expected, expectedGradients) = Gradients(stock, packed);
        var (loss, gradients) = Gradients(model, packed);
        Assert.Equal(expected, loss, 1e-5 * Math.Abs(expected));
        foreach (var slot in model.Weights.Slots)
        {
            var (off, of) = Distance(expectedGradients, gradients, slot.Offset, slot.Length);
            // A bias on all keys moves no softmax: its gradient is 0 but for rounding, as is a third of qkv.bias.
            Assert.True(off <= 1e-5 * of, $"{slot.Name}: off by {off:g3} of {of:g3}");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Some_positions_alone_have_the_gradients_of_autograds_own_operations(string shape, bool packed)
    {
        Assert.SkipUnless(TensorKernels.IsSupported, "this processor has no fused multiply-add: the stock operations are all there is");
        long[] positions = [5, 132, 131, 140, 265, 5]; // not in order, and one twice
        using var model = Noisy(shape);
        using var stock = model.Copy();
        stock.Trunk.Fused = null;
        var (expected, expectedGradients) = Gradients(stock, packed, positions);
        var (loss, gradients) = Gradients(model, packed, positions);
        Assert.Equal(expected, loss, 1e-5 * Math.Abs(expected));
        var (off, of) = Distance(expectedGradients, gradients, 0, gradients.Length);
        Assert.True(off <= 1e-5 * of, $"off by {off:g3} of {of:g3}");
        model.Trunk.Recompute = true;
        Assert.Equal(gradients, Gradients(model, packed, positions).Gradients);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Layers_computed_again_on_the_way_back_give_the_same_bits(bool fused)
    {
        using var model = Noisy("gpt2");
        model.Trunk.Fused = fused ? model.Trunk.Fused : null;
        var (loss, gradients) = Gradients(model, packed: true);
        model.Trunk.Recompute = true;
        var (again, gradientsAgain) = Gradients(model, packed: true);
        Assert.Equal(loss, again);
        Assert.Equal(gradients, gradientsAgain);
    }

    [Fact]
    public void Scores_in_chunks_equal_scores_in_one_piece()
    {
        Assert.SkipUnless(TensorKernels.IsSupported, "this processor has no fused multiply-add");
        using var model = Noisy("gpt2");
        var (loss, gradients) = Gradients(model, packed: false);
        model.Trunk.Fused!.LogitsAtOnce = 71 * 50;
        var (inChunks, gradientsInChunks) = Gradients(model, packed: false);
        Assert.Equal(loss, inChunks, 1e-6);
        var (off, of) = Distance(gradients, gradientsInChunks, 0, gradients.Length);
        Assert.True(off <= 1e-6 * of, $"off by {off:g3} of {of:g3}");
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen3")]
    [InlineData("gemma")]
    [InlineData("odd gpt2")]
    [InlineData("odd llama")]
    public void Bfloat16_stays_near_float32(string shape)
    {
        using var model = Noisy(shape);
        using var half = model.Copy(ScalarType.BFloat16);
        var (expected, expectedGradients) = Gradients(model, packed: false);
        var (loss, gradients) = Gradients(half, packed: false);
        Assert.Equal(expected, loss, 2e-3 * Math.Abs(expected));
        var (off, of) = Distance(expectedGradients, gradients, 0, gradients.Length);
        Assert.True(off <= 0.03 * of, $"off by {off:g3} of {of:g3}");
    }

    [Fact]
    public void Entropy_and_hits_are_those_of_the_softmax()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var model = Noisy("gpt2");
        var hidden = randn([9, model.Config.Width], generator: new Generator(1));
        var likeliest = model.Logits(hidden).argmax(-1);
        var scores = model.Score(hidden, likeliest, temperature: 0.7);
        var logProbs = (model.Logits(hidden) / 0.7).log_softmax(-1);
        Assert.True((scores.Entropy + (logProbs.exp() * logProbs).sum(-1)).abs().max().item<float>() < 1e-4);
        Assert.True((scores.LogProbs - logProbs.max(-1).values).abs().max().item<float>() < 1e-5);
        Assert.Equal(9, scores.Hits.sum().item<float>());
        Assert.Equal(0, model.Score(hidden, (likeliest + 1) % 71).Hits.sum().item<float>());
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_refused_in_words()
    {
        using var quiet = no_grad();
        using var model = Noisy("gpt2");
        var problem = Assert.ThrowsAny<Exception>(() => model.Trunk.Hidden(tensor([3L, 71], [1, 2])));
        Assert.Contains(
            TensorKernels.IsSupported ? "tokens holds 71; expected 0 to 70" : "index out of range",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    private static LanguageModel Noisy(string shape)
    {
        var config = shape switch
        {
            "gpt2" => TransformerConfig.Gpt2(vocabularySize: 71, width: 64, layers: 2, heads: 2, contextLength: 160),
            // No width is a multiple of 16, as in stories260K, whose hidden width is 172.
            "odd gpt2" => TransformerConfig.Gpt2(vocabularySize: 71, width: 36, layers: 2, heads: 3, contextLength: 160),
            "odd llama" => TransformerConfig.Llama(71, 40, 2, 5, 1, 44, 160),
            "odd gemma" => TransformerConfig.Llama(71, 72, 2, 3, 1, 50, 160) with
            {
                Family = "gemma",
                FeedForward = FeedForwardKind.GeGlu,
                EmbeddingScale = 8,
            },
            "narrow" => TransformerConfig.Gpt2(vocabularySize: 71, width: 32, layers: 2, heads: 4, contextLength: 160),
            "qwen3" => TransformerConfig.Llama(71, 64, 2, 4, 2, 96, 160) with { Family = "qwen3", QueryKeyNorm = true, OwnHeadWidth = 32 },
            "gemma" => TransformerConfig.Llama(71, 64, 2, 4, 1, 96, 160) with
            {
                Family = "gemma",
                FeedForward = FeedForwardKind.GeGlu,
                EmbeddingScale = 8,
                OwnHeadWidth = 32,
                TiedHead = true,
            },
            "mistral" => TransformerConfig.Llama(71, 64, 2, 4, 2, 96, 160) with
            {
                Family = "mistral",
                SlidingWindow = 37,
                Biases = BiasKind.Attention,
            },
            "wide heads" => TransformerConfig.Llama(71, 192, 1, 2, 1, 96, 160),
            _ => TransformerConfig.Llama(71, 96, 2, 6, 3, 160, 160),
        };
        var model = new LanguageModel(config, new Seed(1));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        model.Weights.Values.add_(randn(model.Weights.Values.shape, generator: new Generator(2)) * 0.05);
        return model;
    }

    /// <summary>Of a weighted sum of log-probabilities at a temperature: every part of the mathematics has a say.</summary>
    private static (double Loss, float[] Gradients) Gradients(LanguageModel model, bool packed, long[]? positions = null)
    {
        using var scope = NewDisposeScope();
        const int batch = 2,
            time = 133;
        var gradients = model.Weights.AttachGradients();
        gradients.zero_();
        var tokens = randint(0, 71, [batch, time], dtype: ScalarType.Int64, generator: new Generator(3));
        long[] ids = [.. Enumerable.Range(0, batch * time).Select(i => 1L + i % time / (40 + 9 * (i / time)))];
        var segments = packed ? tensor(ids, [batch, time]) : null;
        var at = tensor(positions ?? [.. Enumerable.Range(0, batch * time).Select(i => (long)i)]);
        var hidden = positions is null
            ? model.Trunk.Hidden(tokens, segments).reshape(-1, model.Config.Width)
            : model.Trunk.UpperAt(model.Trunk.Lower(tokens, 0, segments), 0, at, segments);
        var scores = model.Score(hidden, tokens.roll(-1, 1).reshape(-1).index_select(0, at), temperature: 0.8);
        var loss = -(scores.LogProbs * linspace(0.5, 1.5, at.numel())).sum() / at.numel();
        loss.backward();
        return (loss.ToDouble(), gradients.to(ScalarType.Float32).data<float>().ToArray());
    }

    /// <summary>Euclidean distance of two stretches, and the first one's length.</summary>
    private static (double Off, double Of) Distance(float[] expected, float[] found, long start, long length)
    {
        double off = 0,
            of = 0;
        for (var i = start; i < start + length; i++)
        {
            off += ((double)expected[i] - found[i]) * ((double)expected[i] - found[i]);
            of += (double)expected[i] * expected[i];
        }

        return (Math.Sqrt(off), Math.Sqrt(of));
    }
}
