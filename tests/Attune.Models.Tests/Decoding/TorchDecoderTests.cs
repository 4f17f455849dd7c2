using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Decoding;
using Attune.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Decoding;

/// <summary>On the host's processor; the code is the same on a GPU.</summary>
public sealed class TorchDecoderTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void It_draws_the_engines_answers_for_the_same_seeds(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model, Words);
        using var decoder = new TorchDecoder(config, Words);
        decoder.Load(model);
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, 25)
                .Select(i => new SampleRequest([.. TinyModels.Tokens(config, 1 + i * 7 % 33, (ulong)i)], new Seed(9).For("request", i))),
        ];
        var options = new SamplingOptions
        {
            MaxNewTokens = 20,
            EndToken = 4,
            BatchSize = 6,
            TopP = 0.95,
            Temperature = 0.9,
            StopSequences = [" 12 "],
        };
        var (expected, actual) = (
            engine.Sample(requests, options, 3, null, CancellationToken.None),
            decoder.Sample(requests, options, 3, null, CancellationToken.None)
        );
        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(expected[i].Sequence, actual[i].Sequence);
            Assert.Equal((expected[i].Stop, 3L), (actual[i].Stop, actual[i].WeightVersion));
            Assert.InRange(Differences.Largest(expected[i].LogProbs.AsSpan(), actual[i].LogProbs.AsSpan()), 0, 1e-4f);
        }
    }

    [Fact]
    public void A_mixture_draws_from_the_weighted_mean_of_both_models_log_probabilities()
    {
        var config = TinyModels.ByName("llama");
        using var model = TinyModels.Random(config);
        using var other = TinyModels.Random(config, 5);
        using var decoder = new TorchDecoder(config, Words);
        decoder.Load(model, other, 0.25);
        SampleRequest[] requests = [.. Enumerable.Range(0, 5).Select(i => new SampleRequest([3, 7, 1 + i], new Seed(4).For("request", i)))];
        var options = new SamplingOptions
        {
            MaxNewTokens = 6,
            BatchSize = 2,
            Temperature = 0.8,
        };
        foreach (var rollout in decoder.Sample(requests, options, 1, null, CancellationToken.None))
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            var tokens = tensor(rollout.Sequence.Tokens.Select(t => (long)t).ToArray()).unsqueeze(0);
            Tensor Logits(Models.Architecture.LanguageModel m) => m.Logits(m.Trunk.Hidden(tokens)[0]);
            var mixed = ((0.75 * Logits(model).log_softmax(-1) + 0.25 * Logits(other).log_softmax(-1)) / 0.8).log_softmax(-1);
            for (var t = 0; t < rollout.Sequence.AnswerLength; t++)
            {
                var place = rollout.Sequence.AnswerStart + t;
                Assert.Equal(mixed[place - 1, rollout.Sequence.Tokens[place]].ToDouble(), rollout.LogProbs[t], 1e-4);
            }
        }

        // Loaded alone again it is one model.
        decoder.Load(model);
        using var engine = new DecodeEngine(model, Words);
        Assert.Equal(
            engine.Sample(requests, options, 1, null, CancellationToken.None).Select(r => r.Sequence),
            decoder.Sample(requests, options, 1, null, CancellationToken.None).Select(r => r.Sequence)
        );
    }

    [Fact]
    public void In_bfloat16_it_follows_the_model_and_new_weights_are_used_after_loading()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var half = model.Copy(torch.ScalarType.BFloat16);
        using var decoder = new TorchDecoder(config);
        SampleRequest[] requests = [new([1, 2, 3], new Seed(1)), new([5], new Seed(2))];
        var greedy = new SamplingOptions { Temperature = 0, MaxNewTokens = 1 };
        decoder.Load(half);
        var rounded = decoder.Sample(requests, greedy, 0, null, CancellationToken.None);
        decoder.Load(model);
        var exact = decoder.Sample(requests, greedy, 0, null, CancellationToken.None);
        Assert.InRange(Math.Abs(rounded[0].LogProbs[0] - exact[0].LogProbs[0]), 1e-6, 0.2);
        using var other = TinyModels.Random(config, 2);
        decoder.Load(other);
        Assert.NotEqual(exact[0].LogProbs[0], decoder.Sample(requests, greedy, 0, null, CancellationToken.None)[0].LogProbs[0]);
    }

    [Fact]
    public void What_cannot_work_is_refused()
    {
        using var decoder = new TorchDecoder(TinyModels.Llama);
        Assert.Throws<InvalidOperationException>(() => decoder.Sample([], new SamplingOptions(), 0, null, CancellationToken.None));
        using var model = TinyModels.Random(TinyModels.Gpt2);
        Assert.Throws<ArgumentException>(() => decoder.Load(model));
        Assert.Throws<AttuneException>(() =>
            decoder.Sample(
                [new SampleRequest([91], new Seed(1))],
                new SamplingOptions { MaxNewTokens = 2 },
                0,
                null,
                CancellationToken.None
            )
        );
    }

    private static string Words(ReadOnlySpan<int> tokens) => string.Concat(tokens.ToArray().Select(t => $"{t} "));
}
