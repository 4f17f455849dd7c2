using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Decoding;
using Attune.Testing;

namespace Attune.Models.Tests.Decoding;

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
        Assert.InRange(Differences.Largest(engine.Logits(tokens), TinyModels.Logits(model, tokens)), 0, 1e-4f);
    }

    public static TheoryData<int> PlainOthers => [.. TinyModels.Others.Index().Where(c => c.Item.IsPlain).Select(c => c.Index)];

    [Theory]
    [MemberData(nameof(PlainOthers))]
    public void Logits_of_every_plain_kind_of_layer_equal_those_of_the_torch_model(int index)
    {
        var config = TinyModels.Others[index];
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        var tokens = TinyModels.Tokens(config, 64, 3);
        model.Trunk.Fused = null;
        Assert.InRange(Differences.Largest(engine.Logits(tokens), TinyModels.Logits(model, tokens)), 0, 1e-4f);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Log_probabilities_of_decoded_tokens_equal_those_of_a_full_forward_pass(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        var rollouts = engine.Sample(
            Requests(config, 9),
            new SamplingOptions { MaxNewTokens = 30, BatchSize = 4 },
            5,
            null,
            CancellationToken.None
        );
        foreach (var rollout in rollouts)
        {
            var full = engine.LogProbs(rollout.Sequence.Tokens).AsSpan()[(rollout.Sequence.AnswerStart - 1)..];
            Assert.InRange(Differences.Largest(rollout.LogProbs.AsSpan(), full), 0, 1e-5f);
            Assert.Equal(5, rollout.WeightVersion);
        }
    }

    /// <summary>
    /// Weights and activations keep 8 bits, so each product is off by up to 2^-8 of itself and a logit by far less than that of the
    /// spread of the logits: 10 % of it at most, 2 % in the mean square.
    /// </summary>
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Logits_in_bfloat16_are_within_two_percent_of_the_exact_ones(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var exact = new DecodeEngine(model);
        using var engine = new DecodeEngine(model, type: KernelType.BF16);
        var tokens = TinyModels.Tokens(config, 64, 3);
        var (expected, actual) = (exact.Logits(tokens), engine.Logits(tokens));
        var spread = Math.Sqrt(expected.Average(l => (double)l * l));
        Assert.InRange(Math.Sqrt(expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Average()) / spread, 1e-5, 0.02);
        Assert.InRange(Differences.Largest(expected, actual) / spread, 0, 0.1);
    }

    [Theory]
    [InlineData(KernelType.F32)]
    [InlineData(KernelType.BF16)]
    [InlineData(KernelType.Q8)]
    public void Samples_of_one_prompt_read_it_once_and_are_what_each_would_be_alone(KernelType type)
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model, type: type);
        int[] prompt = TinyModels.Tokens(config, 30, 1),
            alike = [.. prompt[..20], .. TinyModels.Tokens(config, 5, 2)];
        SampleRequest[] requests =
        [
            .. Enumerable.Range(0, 12).Select(i => new SampleRequest([.. i % 6 == 5 ? alike : prompt], new Seed(4).For("request", i))),
        ];
        var options = new SamplingOptions
        {
            MaxNewTokens = 12,
            EndToken = 4,
            BatchSize = 5,
        };
        var rollouts = engine.Sample(requests, options, 0, null, CancellationToken.None);
        // The first reads 30; the other nine its last token again; the two that differ after 20 read five more.
        Assert.Equal(30 + 9 + 2 * 5, engine.PromptTokensRead);
        for (var i = 0; i < requests.Length; i++)
        {
            var alone = engine.Sample([requests[i]], options, 0, null, CancellationToken.None).Single();
            Assert.Equal(requests[i].Prompt.Length, engine.PromptTokensRead);
            Assert.Equal(alone.Sequence, rollouts[i].Sequence);
            Assert.True(alone.LogProbs.AsSpan().SequenceEqual(rollouts[i].LogProbs.AsSpan()));
        }
    }

    [Theory]
    [InlineData(KernelType.F32)]
    [InlineData(KernelType.BF16)]
    [InlineData(KernelType.Q8)]
    [InlineData(KernelType.Q4)]
    public void An_answer_does_not_depend_on_batch_size_or_neighbours_or_threads(KernelType type)
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model, type: type);
        using var other = new DecodeEngine(model, workers: 3, type: type);
        var requests = Requests(config, 20);
        var options = new SamplingOptions
        {
            MaxNewTokens = 25,
            EndToken = 4,
            BatchSize = 20,
        };
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

    [Fact]
    public void Loading_again_after_an_update_decodes_with_the_new_weights()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var other = TinyModels.Random(config, 2);
        using var engine = new DecodeEngine(model);
        var before = engine.Logits([1, 2, 3]);
        model.Weights.CopyFrom(other.Weights);
        Assert.Equal(before, engine.Logits([1, 2, 3]));
        engine.Load(model);
        Assert.InRange(Differences.Largest(engine.Logits([1, 2, 3]), TinyModels.Logits(other, [1, 2, 3])), 0, 1e-4f);
        using var half = other.Copy(TorchSharp.torch.ScalarType.BFloat16);
        engine.Load(half);
        Assert.InRange(Differences.Largest(engine.Logits([1, 2, 3]), before), 0.01f, float.MaxValue);
    }

    [Fact]
    public void An_answer_ends_with_the_end_token_or_the_token_that_completes_a_stop_text_or_at_its_length()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model, Words);
        var options = new SamplingOptions
        {
            MaxNewTokens = 40,
            EndToken = 7,
            StopSequences = ["12 1", " 3 "],
        };
        var rollouts = engine.Sample(
            Requests(config, 150).Select(r => r with { Prompt = r.Prompt[..1] }).ToArray(),
            options,
            0,
            null,
            CancellationToken.None
        );
        foreach (var rollout in rollouts)
        {
            var answer = rollout.Sequence.Answer.ToArray();
            Assert.Equal(answer.Length, rollout.LogProbs.Length);
            var stops = new Func<int, bool>(count =>
                options.StopSequences.Any(stop => Words(answer.AsSpan(0, count)).Contains(stop, StringComparison.Ordinal))
            );
            Assert.False(answer.Length > 1 && (stops(answer.Length - 1) || answer.AsSpan()[..^1].Contains(7)));
            Assert.Equal(
                rollout.Stop,
                answer[^1] == 7 ? StopReason.EndToken
                    : stops(answer.Length) ? StopReason.StopSequence
                    : StopReason.Length
            );
            Assert.True(rollout.Stop != StopReason.Length || answer.Length == 40);
        }

        Assert.Equal(3, rollouts.Select(r => r.Stop).Distinct().Count());
    }

    [Fact]
    public void Progress_is_told_and_cancelling_stops_between_tokens()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        var told = new Told();
        engine.Sample(
            Requests(config, 12),
            new SamplingOptions
            {
                MaxNewTokens = 20,
                EndToken = 3,
                BatchSize = 5,
            },
            0,
            told,
            CancellationToken.None
        );
        Assert.Equal(12, told.Counts[^1]);
        Assert.Equal(told.Counts.Order().Distinct(), told.Counts);

        using var source = new CancellationTokenSource();
        told.After = source.Cancel;
        Assert.Throws<OperationCanceledException>(() =>
            engine.Sample(Requests(config, 12), new SamplingOptions { MaxNewTokens = 20, BatchSize = 1 }, 0, told, source.Token)
        );
        Assert.Single(engine.Sample(Requests(config, 1), new SamplingOptions { MaxNewTokens = 2 }, 0, null, CancellationToken.None));
        Assert.Empty(engine.Sample([], new SamplingOptions(), 0, null, CancellationToken.None));
    }

    [Fact]
    public void What_cannot_work_is_refused_with_one_message()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        var few = new SamplingOptions { MaxNewTokens = 4 };
        Assert.Contains("Prompt 1 is empty", Refusal([], few), StringComparison.Ordinal);
        Assert.Contains("holds the token 91", Refusal([91], few), StringComparison.Ordinal);
        Assert.Contains("holds the token -1", Refusal([-1], few), StringComparison.Ordinal);
        Assert.Contains(
            "has 61 tokens and its answer up to 4 more; the model's context is 64",
            Refusal([.. new int[61]], few),
            StringComparison.Ordinal
        );
        Assert.Contains("without a tokenizer", Refusal([1], few with { StopSequences = ["x"] }), StringComparison.Ordinal);
        Assert.Contains("end token is 91", Refusal([1], few with { EndToken = 91 }), StringComparison.Ordinal);
        var all = new SamplingOptions
        {
            Temperature = double.NaN,
            TopK = -1,
            TopP = 0,
            MinP = 1,
            MaxNewTokens = 0,
            MinNewTokens = 3,
            BatchSize = 0,
            StopSequences = [""],
        };
        Assert.Equal(
            8,
            Assert.Throws<ConfigurationException>(() => engine.Sample([], all, 0, null, CancellationToken.None)).Problems.Count
        );
        using var empty = new DecodeEngine(config);
        Assert.Throws<InvalidOperationException>(() => empty.Logits([1]));

        string Refusal(int[] prompt, SamplingOptions options) =>
            Assert
                .ThrowsAny<AttuneException>(() =>
                    engine.Sample([new SampleRequest([.. prompt], new Seed(1))], options, 0, null, CancellationToken.None)
                )
                .Message;
    }

    [Fact]
    public void A_model_whose_weights_diverged_says_so_and_leaves_the_engine_usable()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var broken = model.Copy();
        using (TorchSharp.torch.no_grad())
        {
            broken.Weights["layers.1.down.bias"].fill_(float.NaN);
        }

        using var engine = new DecodeEngine(broken, workers: 2);
        Assert.Contains(
            "diverged",
            Assert
                .Throws<AttuneException>(() =>
                    engine.Sample(Requests(config, 5), new SamplingOptions { MaxNewTokens = 3 }, 0, null, CancellationToken.None)
                )
                .Message,
            StringComparison.Ordinal
        );
        engine.Load(model);
        Assert.Equal(
            5,
            engine.Sample(Requests(config, 5), new SamplingOptions { MaxNewTokens = 3 }, 0, null, CancellationToken.None).Count
        );
    }

    [Fact]
    public void Decoding_allocates_nothing_per_token()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model, workers: 1);
        var requests = Requests(config, 8);
        Allocated(4);
        // 26 more tokens in each of 8 rows: what grows is the answers themselves, 8 bytes a token and their copies.
        Assert.InRange(Allocated(30) - Allocated(4), 0, 26 * 8 * 40);

        long Allocated(int tokens)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            engine.Sample(
                requests,
                new SamplingOptions
                {
                    MaxNewTokens = tokens,
                    BatchSize = 8,
                    TopP = 0.9,
                },
                0,
                null,
                CancellationToken.None
            );
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private sealed class Told : IProgress<int>
    {
        internal List<int> Counts { get; } = [];
        internal Action? After { get; set; }

        public void Report(int value)
        {
            Counts.Add(value);
            After?.Invoke();
        }
    }

    private static string Words(ReadOnlySpan<int> tokens) => string.Concat(tokens.ToArray().Select(t => $"{t} "));

    private static SampleRequest[] Requests(Configuration.TransformerConfig config, int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new SampleRequest([.. TinyModels.Tokens(config, 1 + i * 7 % 33, (ulong)i)], new Seed(99).For("request", i))),
        ];
}
