using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Decoding;

namespace Attune.Models.Tests;

public sealed class DecodeEngineTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Logits_equal_those_of_the_torch_model(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        var tokens = TinyModels.Tokens(config, 64, 3);
        Assert.InRange(TinyModels.LargestDifference(engine.Logits(tokens), TinyModels.Logits(model, tokens)), 0, 1e-4f);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Log_probabilities_of_decoded_tokens_equal_those_of_a_full_forward_pass(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        var rollouts = engine.Sample(Requests(config, 9), new SamplingOptions { MaxNewTokens = 30, BatchSize = 4 }, 5, null, CancellationToken.None);
        foreach (var rollout in rollouts)
        {
            var full = engine.LogProbs(rollout.Sequence.Tokens).AsSpan()[(rollout.Sequence.AnswerStart - 1)..];
            Assert.InRange(TinyModels.LargestDifference(rollout.LogProbs.AsSpan(), full), 0, 1e-5f);
            Assert.Equal(5, rollout.WeightVersion);
        }
    }

    [Fact]
    public void An_answer_does_not_depend_on_batch_size_or_neighbours_or_threads()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        using var other = new DecodeEngine(model, workers: 3);
        var requests = Requests(config, 20);
        var options = new SamplingOptions { MaxNewTokens = 25, EndToken = 4, BatchSize = 20 };
        var together = engine.Sample(requests, options, 0, null, CancellationToken.None);
        var few = other.Sample(requests, options with { BatchSize = 3 }, 0, null, CancellationToken.None);
        for (var i = 0; i < requests.Length; i++)
        {
            var alone = engine.Sample([requests[i]], options, 0, null, CancellationToken.None).Single();
            Same(alone, together[i]);
            Same(alone, few[i]);
        }

        static void Same(Rollout expected, Rollout actual)
        {
            Assert.Equal(expected.Sequence, actual.Sequence);
            Assert.True(expected.LogProbs.AsSpan().SequenceEqual(actual.LogProbs.AsSpan()));
        }
    }

    private static SampleRequest[] Requests(Configuration.TransformerConfig config, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new SampleRequest([.. TinyModels.Tokens(config, 1 + i * 7 % 33, (ulong)i)], new Seed(99).For("request", i)))];
}
