using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Testing;
using TorchSharp;

namespace Attune.Models.Tests.Decoding;

public sealed class ScoringEngineTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Log_probabilities_equal_those_of_the_torch_model_at_any_temperature(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var engine = new ScoringEngine(model);
        var texts = Texts(config, 40);
        foreach (var temperature in new[] { 1.0, 0.7 })
        {
            var scored = engine.LogProbs(texts, temperature);
            for (var i = 0; i < texts.Length; i++)
            {
                Assert.InRange(Differences.Largest(scored[i].AsSpan(), Reference(model, texts[i], temperature)), 0, 1e-4f);
            }
        }
    }

    [Fact]
    public void Scores_of_a_scalar_model_equal_those_of_the_torch_model_from_the_last_prompt_token_on()
    {
        using var language = TinyModels.Random(TinyModels.Llama);
        using var model = new ScalarModel(language, new Seed(5));
        using (torch.no_grad())
        {
            model.Weights["score"].normal_();
        }

        using var engine = new ScoringEngine(model);
        var texts = Texts(TinyModels.Llama, 40);
        var scored = engine.Scores(texts);
        for (var i = 0; i < texts.Length; i++)
        {
            using var scope = torch.NewDisposeScope();
            using var quiet = torch.no_grad();
            var all = model.Scores(TinyModels.Rows([.. texts[i].Tokens])).data<float>().ToArray();
            Assert.InRange(Differences.Largest(scored[i].AsSpan(), all.AsSpan(texts[i].AnswerStart - 1)), 0, 1e-4f);
        }

        Assert.Throws<InvalidOperationException>(() => engine.LogProbs(texts));
    }

    [Fact]
    public void Answers_that_were_drawn_are_scored_as_they_were_drawn_bit_for_bit()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        foreach (var type in new[] { KernelType.F32, KernelType.BF16 })
        {
            using var decoder = new DecodeEngine(model, type: type);
            using var scorer = new ScoringEngine(model, type: type);
            SampleRequest[] requests =
            [
                .. Enumerable
                    .Range(0, 30)
                    .Select(i => new SampleRequest([.. TinyModels.Tokens(config, 1 + i % 7, (ulong)i)], new Seed(3).For("request", i))),
            ];
            var rollouts = decoder.Sample(
                requests,
                new SamplingOptions
                {
                    MaxNewTokens = 20,
                    EndToken = 5,
                    Temperature = 0.8,
                },
                0,
                null,
                CancellationToken.None
            );
            var scored = scorer.LogProbs([.. rollouts.Select(r => r.Sequence)], 0.8);
            for (var i = 0; i < rollouts.Count; i++)
            {
                Assert.True(rollouts[i].LogProbs.AsSpan().SequenceEqual(scored[i].AsSpan()), $"{type}, answer {i}");
            }
        }
    }

    [Fact]
    public void Loading_again_scores_with_the_new_weights_and_what_cannot_be_read_is_refused()
    {
        using var model = TinyModels.Random(TinyModels.Gpt2);
        using var other = TinyModels.Random(TinyModels.Gpt2, 2);
        using var engine = new ScoringEngine(model);
        var texts = Texts(TinyModels.Gpt2, 3);
        engine.Load(other);
        Assert.InRange(Differences.Largest(engine.LogProbs(texts)[2].AsSpan(), Reference(other, texts[2], 1)), 0, 1e-4f);
        Assert.Contains(
            "Text 1 has 0 tokens before its answer",
            Assert.Throws<AttuneException>(() => engine.LogProbs([new TokenSequence([1, 2], 0)])).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Text 1 holds the token 83",
            Assert.Throws<AttuneException>(() => engine.LogProbs([new TokenSequence([1, 83], 1)])).Message,
            StringComparison.Ordinal
        );
        using var llama = TinyModels.Random(TinyModels.Llama);
        Assert.Throws<ArgumentException>(() => engine.Load(llama));
        Assert.Empty(engine.LogProbs([]));
    }

    /// <summary>More texts and tokens than fit one pass, of all lengths up to the context.</summary>
    private static TokenSequence[] Texts(Configuration.TransformerConfig config, int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new TokenSequence([.. TinyModels.Tokens(config, 2 + i * 11 % 63, (ulong)i)], 1 + i % 2 * (i * 11 % 63 / 2))),
        ];

    private static float[] Reference(LanguageModel model, TokenSequence text, double temperature)
    {
        using var scope = torch.NewDisposeScope();
        using var quiet = torch.no_grad();
        var logits = model.Logits(model.Trunk.Hidden(TinyModels.Rows([.. text.Tokens])))[0] / temperature;
        var all = torch.nn.functional.log_softmax(logits, -1);
        return [.. Enumerable.Range(text.AnswerStart, text.AnswerLength).Select(t => all[t - 1, text.Tokens[t]].item<float>())];
    }
}
