using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

public sealed class TransformerTests
{
    [Theory]
    [InlineData("gpt2", false)]
    [InlineData("gpt2", true)]
    [InlineData("llama", false)]
    public void Some_positions_alone_have_the_bits_that_they_have_among_all(string family, bool withGradient)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var scope = NewDisposeScope();
        var tokens = TinyModels.Rows(TinyModels.Tokens(config, 20, 1), TinyModels.Tokens(config, 20, 2));
        var positions = tensor(new long[] { 39, 0, 7, 25 });
        using var mode = set_grad_enabled(withGradient);
        var whole = model.Trunk.Hidden(tokens).reshape(-1, config.Width).index_select(0, positions);
        for (var layers = 0; layers <= config.Layers; layers++)
        {
            Assert.Equal(Floats(whole), Floats(model.Trunk.UpperAt(model.Trunk.Lower(tokens, layers), layers, positions)));
        }

        Assert.True(
            model.Trunk.Fused is not { IsReady: true }
                || Assert.Throws<ArgumentException>(() => model.Trunk.UpperAt(model.Trunk.Lower(tokens, 0), 0, tensor(new long[] { 40 })))
                    is not null
        );
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Lower_then_upper_layers_give_the_bits_of_the_whole_trunk(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var tokens = TinyModels.Rows(TinyModels.Tokens(config, 20, 1), TinyModels.Tokens(config, 20, 2));
        var whole = Floats(model.Trunk.Hidden(tokens));
        for (var layers = 0; layers <= config.Layers; layers++)
        {
            Assert.Equal(whole, Floats(model.Trunk.Upper(model.Trunk.Lower(tokens, layers), layers)));
        }
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Texts_packed_in_one_row_give_what_each_gives_alone(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (first, second, third) = (TinyModels.Tokens(config, 9, 1), TinyModels.Tokens(config, 14, 2), TinyModels.Tokens(config, 1, 3));
        var segments = tensor((long[])[.. Enumerable.Repeat(0L, 9), .. Enumerable.Repeat(1L, 14), 2]).view(1, 24);
        var packed = Floats(model.Trunk.Hidden(TinyModels.Rows([.. first, .. second, .. third]), segments));
        float[] alone = [.. new[] { first, second, third }.SelectMany(text => Floats(model.Trunk.Hidden(TinyModels.Rows(text))))];
        Assert.InRange(Differences.Largest(packed, alone), 0, 2e-5f);
    }

    [Fact]
    public void Padding_on_the_right_changes_nothing_before_it()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var text = TinyModels.Tokens(config, 12, 5);
        var alone = Floats(model.Trunk.Hidden(TinyModels.Rows(text)));
        var padded = Floats(model.Trunk.Hidden(TinyModels.Rows([.. text, 0, 0, 0, 0], TinyModels.Tokens(config, 16, 6)))[0, ..12]);
        Assert.InRange(Differences.Largest(alone, padded), 0, 2e-5f);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    public void In_bfloat16_the_logits_stay_near_those_in_32_bits(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var half = model.Copy(ScalarType.BFloat16);
        var tokens = TinyModels.Tokens(config, 30, 8);
        var exact = TinyModels.Logits(model, tokens);
        Assert.InRange(Differences.Largest(exact, TinyModels.Logits(half, tokens)) / exact.Max(MathF.Abs), 1e-5f, 0.05f);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Every_parameter_gets_a_gradient_in_the_flat_tensor_and_both_attention_paths_agree(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        var tokens = TinyModels.Tokens(config, 24, 9);
        var fused = Gradient(model, tokens, segments: null);
        using (var scope = NewDisposeScope())
        {
            var plain = Gradient(model, tokens, zeros([1, 24], ScalarType.Int64));
            Assert.InRange(Differences.Largest(fused, plain) / fused.Max(MathF.Abs), 0, 1e-5f);
        }

        foreach (var slot in model.Weights.Slots)
        {
            Assert.True(fused.AsSpan((int)slot.Offset, (int)slot.Length).ContainsAnyExcept(0f), slot.Name);
        }
    }

    [Fact]
    public void Frozen_layers_are_a_range_at_the_start_and_get_no_gradient()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        model.Weights.Freeze(2);
        var start = model.Weights.OffsetAbove(2);
        Assert.Equal("layers.2.norm1.weight", model.Weights.Slots.First(s => s.Offset >= start).Name);
        Assert.Equal(0, model.Weights.OffsetAbove(0));
        Assert.Equal("norm.weight", model.Weights.Slots.First(s => s.Offset >= model.Weights.OffsetAbove(3)).Name);
        var gradient = Gradient(model, TinyModels.Tokens(config, 10, 1), null);
        Assert.False(gradient.AsSpan(0, (int)start).ContainsAnyExcept(0f));
        Assert.True(gradient.AsSpan((int)start).ContainsAnyExcept(0f));
    }

    [Fact]
    public void Writing_the_flat_tensor_changes_the_model()
    {
        using var model = TinyModels.Random(TinyModels.Gpt2);
        var before = TinyModels.Logits(model, [1, 2, 3]);
        using (no_grad())
        {
            model.Weights.Values.mul_(0.5);
        }

        Assert.NotEqual(before, TinyModels.Logits(model, [1, 2, 3]));
    }

    [Fact]
    public void Fresh_weights_follow_the_seed_alone_and_have_gpt2_spread()
    {
        var config = TinyModels.Gpt2 with { Width = 128, HiddenWidth = 512 };
        using var one = new LanguageModel(config, new Seed(3));
        using var same = new LanguageModel(config, new Seed(3));
        using var other = new LanguageModel(config, new Seed(4));
        Assert.Equal(Floats(one.Weights.Values), Floats(same.Weights.Values));
        Assert.NotEqual(Floats(one.Weights.Values), Floats(other.Weights.Values));
        Assert.Equal(0.02, Deviation(one.Weights["layers.1.up.weight"]), 0.0005);
        Assert.Equal(0.02 / Math.Sqrt(6), Deviation(one.Weights["layers.1.down.weight"]), 0.0003);
        Assert.All(Floats(one.Weights["layers.0.norm1.weight"]), value => Assert.Equal(1, value));
        Assert.All(Floats(one.Weights["layers.0.qkv.bias"]), value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_scalar_model_takes_the_trunk_and_scores_every_token()
    {
        var config = TinyModels.Llama;
        using var origin = TinyModels.Random(config);
        using var model = new ScalarModel(origin, new Seed(5));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var tokens = TinyModels.Rows(TinyModels.Tokens(config, 7, 1), TinyModels.Tokens(config, 7, 2));
        Assert.Equal(Floats(origin.Trunk.Hidden(tokens)), Floats(model.Trunk.Hidden(tokens)));
        var scores = model.Scores(tokens);
        Assert.Equal([2, 7], scores.shape);
        Assert.Equal(Floats(scores), Floats(model.Copy().Scores(tokens)));
        Assert.Equal(1 / Math.Sqrt(49), Deviation(model.Weights["score"]), 0.05);
        origin.Weights.Values.zero_();
        Assert.Equal(Floats(scores), Floats(model.Scores(tokens)));
    }

    [Fact]
    public void Bad_input_throws_and_never_ends_the_process()
    {
        using var model = TinyModels.Random(TinyModels.Gpt2);
        using var scope = NewDisposeScope();
        Assert.Contains(
            "expected [batch, time]",
            Assert.Throws<ArgumentException>(() => model.Trunk.Hidden(zeros([3], ScalarType.Int64))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "context is 64",
            Assert.Throws<ArgumentException>(() => model.Trunk.Hidden(zeros([1, 65], ScalarType.Int64))).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ArgumentException>(() => model.Trunk.Hidden(zeros([1, 5], ScalarType.Int64), zeros([1, 4], ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => model.Trunk.Upper(zeros([1, 5, 47]), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Trunk.Lower(zeros([1, 5], ScalarType.Int64), 4));
        Assert.ThrowsAny<Exception>(() => model.Trunk.Hidden(full([1, 5], 83, ScalarType.Int64)));
        Assert.ThrowsAny<Exception>(() => model.Logits(zeros([1, 5, 47])));
        var problems = Assert
            .Throws<ConfigurationException>(() => new LanguageModel(TinyModels.Llama with { Heads = 5, NormEpsilon = 0 }, new Seed(1)))
            .Problems;
        Assert.Equal(3, problems.Count);
    }

    internal static float[] Gradient(LanguageModel model, int[] tokens, Tensor? segments)
    {
        using var scope = NewDisposeScope();
        var gradients = model.Weights.AttachGradients();
        gradients.zero_();
        var logProbs = model.Logits(model.Trunk.Hidden(TinyModels.Rows(tokens), segments)).log_softmax(-1);
        logProbs[.., ..^1].gather(-1, TinyModels.Rows(tokens)[.., 1..].unsqueeze(-1)).sum().backward();
        return Floats(gradients);
    }

    private static double Deviation(Tensor values) => values.detach().std().item<float>();

    private static float[] Floats(Tensor values) => values.detach().contiguous().data<float>().ToArray();
}
