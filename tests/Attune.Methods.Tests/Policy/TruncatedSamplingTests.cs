using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

/// <summary>
/// Answers drawn with top-k, top-p or min-p come from another distribution than the policy's own. On a language whose answers can be
/// counted, everything about them is known exactly.
/// </summary>
public sealed class TruncatedSamplingTests
{
    private const int Vocabulary = 5;

    [Theory]
    [InlineData(3, 1.0, 0.0)]
    [InlineData(0, 0.8, 0.0)]
    [InlineData(0, 1.0, 0.3)]
    [InlineData(4, 0.9, 0.1)]
    public async Task The_ratio_of_what_was_sampled_has_no_bias_and_the_usual_ratio_has(int topK, double topP, double minP)
    {
        using var language = new CountableLanguage(Vocabulary);
        var sampling = new AnswerSampling
        {
            TopK = topK,
            TopP = topP,
            MinP = minP,
            MaxNewTokens = 2,
        }.ToSampler() with
        {
            EndToken = 0,
        };
        var drawn = await DistinctAsync(language, sampling);
        var start = drawn.Select(r => Math.Exp(r.LogProbs.Sum(p => (double)p))).ToArray();
        Assert.Equal(1, start.Sum(), 1e-5); // what can be drawn was drawn, and its probabilities are the renormalised ones
        Assert.Equal(start, Cut(language.Policy, drawn), (a, b) => Math.Abs(a - b) < 1e-6);

        Disturb(language.Policy);
        var rewards = drawn
            .Select(r => language.Rewards[Array.FindIndex(language.Answers, a => a.Tokens.SequenceEqual(r.Sequence.Tokens))])
            .ToArray();
        var wanted = Cut(language.Policy, drawn).Zip(rewards, (p, r) => p * r).Sum();
        double Estimate(bool exact) =>
            start.Zip(Ratios(language, drawn, exact), (p, ratio) => p * ratio).Zip(rewards, (w, r) => w * r).Sum();
        Assert.Equal(wanted, Estimate(exact: true), 1e-6);
        Assert.True(Math.Abs(wanted - Estimate(exact: false)) > 1e-3, $"the usual ratio gives {Estimate(exact: false):f4} of {wanted:f4}");
    }

    [Theory]
    [InlineData("ppo")]
    [InlineData("grpo")]
    [InlineData("rloo")]
    public async Task Methods_learn_under_cuts_and_begin_at_ratio_1(string method)
    {
        var sampling = new AnswerSampling
        {
            MaxNewTokens = 6,
            TopK = 8,
            TopP = 0.95,
            Temperature = 0.9,
        };
        using var tiny = new TinyPpo(TinyPpo.Small with { Sampling = sampling });
        var context = tiny.Parts with { Sampling = sampling.ToSampler() with { EndToken = TinyRollouts.EndToken } };
        var at = Progress.Start(new Seed(4));
        // The first update checks that the ratio is 1: with the uncut probabilities on one side alone it would not be.
        if (method == "ppo")
        {
            var round = await new Ppo.Experience(tiny.Options, context) { Value = tiny.Value }.NextAsync(at, CancellationToken.None);
            Assert.All(round!.Updates[0], i => Assert.Equal(i.OldLogProbs.Length, i.Support.Length));
            Check(tiny.Objective.Evaluate(round.Updates[0]).Metrics);
            return;
        }

        var (experience, objective) =
            method == "grpo"
                ? (
                    (GroupExperience)new Grpo.Experience(GrpoTests.Small with { Sampling = sampling }, context),
                    (Training.Contracts.IObjective<GroupItem>)new Grpo.Objective(GrpoTests.Small with { Sampling = sampling }, tiny.Policy)
                )
                : (
                    new Rloo.Experience(RlooTests.Small with { Sampling = sampling }, context),
                    new Rloo.Objective(RlooTests.Small with { Sampling = sampling }, tiny.Policy)
                );
        var groups = await experience.NextAsync(at, CancellationToken.None);
        Check(objective.Evaluate(groups!.Updates[0]).Metrics);

        static void Check(Metrics metrics) => Assert.Equal(1, metrics["val/ratio"], 1e-4);
    }

    /// <summary>Every answer that the cuts leave, each once.</summary>
    private static async Task<Rollout[]> DistinctAsync(CountableLanguage language, SamplingOptions sampling)
    {
        var requests = language.Parts.Prompts.Draw(new Seed(3), 0, 4000);
        await language.Parts.Sampler.UseWeightsAsync(language.Policy, 0, CancellationToken.None);
        var rollouts = await language.Parts.Sampler.SampleAsync(requests, sampling, CancellationToken.None);
        return [.. rollouts.DistinctBy(r => string.Join(' ', r.Sequence.Tokens))];
    }

    /// <summary>Probabilities of answers, each token renormalised over the ids that it was drawn from, from whole ones.</summary>
    private static double[] Cut(LanguageModel model, Rollout[] drawn) =>
        [
            .. drawn.Select(rollout =>
                Enumerable
                    .Range(0, rollout.Sequence.AnswerLength)
                    .Aggregate(1.0, (product, t) => product * OfToken(model, rollout, t, rollout.Support[t]))
            ),
        ];

    private static double OfToken(LanguageModel model, Rollout rollout, int t, ImmutableArray<int> support)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        int[] before = [.. rollout.Sequence.Tokens.Take(rollout.Sequence.AnswerStart + t)];
        var batch = TokenBatch.Of([new Core.Tokens.TokenSequence([.. before, 0], before.Length)]);
        var hidden = FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, null);
        double[] powers = [.. model.Logits(hidden).softmax(-1).to(ScalarType.Float64).data<double>().ToArray()];
        return powers[rollout.Sequence.Answer[t]] / support.Sum(id => powers[id]);
    }

    /// <summary>pi / pi_old of whole answers as the methods' batches compute it.</summary>
    private static double[] Ratios(CountableLanguage language, Rollout[] drawn, bool exact)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var old = AnswerLogProbs.Of(language.Reference, [.. drawn.Select(r => r.Sequence)]);
        GroupItem[] items =
        [
            .. drawn.Select(
                (r, i) =>
                    new GroupItem(r.Sequence, exact ? r.LogProbs : [.. old[i]], [.. old[i]], 1, 0) { Support = exact ? r.Support : default }
            ),
        ];
        var options = new RlooOptions
        {
            Clip = new() { ClipRange = 10, ClipRangeHigh = 10 },
        };
        var objective = new Rloo.Objective(options, language.Policy);
        // With advantage 1 and a wide clip an answer's loss is minus its ratio.
        return [.. items.Select(item => -objective.Evaluate([item]).SummedLoss.ToDouble())];
    }

    private static void Disturb(LanguageModel model)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        model.Weights.Values.mul_(1.2f);
    }
}
