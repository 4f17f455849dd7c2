using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;

namespace Attune.Methods.Tests.Policy;

/// <summary>
/// Rounds made from answers and scores that are known. The value head is 0 and lambda is 0 unless a test says otherwise, so that an
/// advantage is the reward of its token.
/// </summary>
public sealed class PpoExperienceTests
{
    private static readonly PpoOptions Plain = TinyPpo.Small with
    {
        Rollouts = TinyPpo.Small.Rollouts with { RolloutBatchSize = 4, TotalEpisodes = 8 },
        PpoEpochs = 1,
        Lambda = 0,
        ValueNetwork = ValueNetwork.SharedTrunk,
        AdvantageWhitening = AdvantageWhitening.None,
        Training = TinyPpo.Small.Training with { BatchSize = 4 },
    };

    [Fact]
    public async Task Marks_land_on_the_tokens_they_were_given_for()
    {
        var items = await Round(Plain, (r, _) => new Score([new(0, 0.5, "a"), new(2, -1, "b"), new(2, 0.25, "c")]));
        Assert.All(items, item => Near([0.5, 0, -0.75, 0], item.Advantages));
    }

    [Fact]
    public async Task An_outcome_flows_back_by_lambda()
    {
        var items = await Round(Plain with { Lambda = 0.5 }, (r, i) => Score.Outcome(r, i, "test"));
        Assert.All(
            items,
            item =>
            {
                var score = item.Advantages[3];
                Near([score / 8, score / 4, score / 2, score], item.Advantages);
            }
        );
        Assert.Equal([0, 1, 2, 3], items.Select(i => Math.Round((double)i.Advantages[3], 5)).Order());
    }

    [Fact]
    public async Task Returns_are_advantages_before_whitening_plus_values()
    {
        using var parts = new TinyPpo(
            Plain with
            {
                Lambda = 0.95,
                ValueNetwork = ValueNetwork.Policy,
                AdvantageWhitening = AdvantageWhitening.Batch,
            }
        );
        var round = await Next(parts, (r, i) => Score.Outcome(r, i, "test"));
        foreach (var item in round)
        {
            var advantages = new double[4];
            double[] rewards = [0, 0, 0, Index(item)];
            Advantages.Gae(rewards, Doubles(item.OldValues), 1, 0.95, advantages);
            Near([.. advantages.Zip(item.OldValues, (a, v) => a + v)], item.Returns);
            Assert.NotEqual(0, item.OldValues[0]);
        }
    }

    [Fact]
    public async Task The_divergence_from_the_reference_is_paid_on_every_token()
    {
        using var parts = new TinyPpo(Plain with { Kl = Plain.Kl with { KlCoefficient = 0.3 } });
        Disturb(parts.Policy);
        var items = await Next(parts, (r, _) => new Score([]));
        var sequences = items.Select(i => i.Sequence).ToArray();
        var own = AnswerLogProbs.Of(parts.Policy, sequences, Plain.Sampling.Temperature);
        var reference = AnswerLogProbs.Of(parts.Reference, sequences, Plain.Sampling.Temperature);
        for (var i = 0; i < items.Length; i++)
        {
            Near([.. own[i].Zip(reference[i], (p, q) => -0.3 * (p - q))], items[i].Advantages);
            Assert.Equal(own[i], items[i].OldLogProbs.AsSpan());
        }

        Assert.Contains(items, item => item.Advantages.Any(a => Math.Abs(a) > 0.01));
    }

    [Fact]
    public async Task An_answer_that_did_not_end_gets_the_fixed_score_instead_of_its_own()
    {
        var items = await Round(
            Plain with
            {
                Scores = Plain.Scores with { MissingEosScore = -1, MissingEosPenalty = 7, ScoreClip = 0.5 },
            },
            (r, i) => new Score([new(1, 0.25, "test")]),
            Cut
        );
        Assert.All(items.Where(Ended), item => Near([0, 0.25, 0, 0], item.Advantages));
        Assert.All(items.Where(i => !Ended(i)), item => Near([0, 0, 0, -1], item.Advantages));
        Assert.Equal(2, items.Count(Ended));
    }

    [Fact]
    public async Task An_answer_that_did_not_end_pays_the_penalty_on_its_last_token()
    {
        var items = await Round(
            Plain with
            {
                Scores = Plain.Scores with { MissingEosPenalty = 2 },
            },
            (r, i) => new Score([new(1, 0.25, "test")]),
            Cut
        );
        Assert.All(items.Where(Ended), item => Near([0, 0.25, 0, 0], item.Advantages));
        Assert.All(items.Where(i => !Ended(i)), item => Near([0, 0.25, 0, -2], item.Advantages));
    }

    [Fact]
    public async Task Scores_are_cut_at_the_clip()
    {
        var items = await Round(
            Plain with
            {
                Scores = Plain.Scores with { ScoreClip = 1.5 },
            },
            (r, i) => Score.Outcome(r, 2 * i - 3, "test")
        ); // -3, -1, 1, 3
        Assert.Equal([-1.5, -1, 1, 1.5], items.Select(i => (double)i.Advantages[3]).Order());
    }

    [Fact]
    public async Task Whitened_rewards_have_variance_1_and_the_mean_they_had()
    {
        var items = await Round(Plain with { WhitenRewards = true }, (r, i) => Score.Outcome(r, i + 1, "test"));
        // 16 tokens, four of them with 1, 2, 3, 4: mean 10 / 16, variance 30 / 16 - (10 / 16)^2 = 1.484375, deviation 1.218349
        var (mean, variance) = Moments.Of([.. items.SelectMany(i => i.Advantages).Select(a => (double)a)]);
        Assert.Equal(0.625, mean, 1e-5);
        Assert.Equal(1, variance, 1e-5);
        Assert.Equal(
            [.. Enumerable.Range(1, 4).Select(r => (r - 0.625) / 1.218349 + 0.625)],
            items.Select(i => (double)i.Advantages[3]).Order(),
            (a, b) => Math.Abs(a - b) < 1e-5
        );
    }

    [Fact]
    public async Task Advantages_whitened_over_the_batch_have_mean_0_and_variance_1_there()
    {
        using var parts = new TinyPpo(
            Plain with
            {
                AdvantageWhitening = AdvantageWhitening.Batch,
                Lambda = 0.95,
                Training = Plain.Training with { BatchSize = 2 },
            }
        );
        var updates = await Updates(parts, (r, i) => Score.Outcome(r, i * i, "test"));
        Assert.Equal(2, updates.Count);
        var (mean, variance) = Moments.Of(AdvantagesOf(updates.SelectMany(u => u)));
        Assert.Equal(0, mean, 1e-5);
        Assert.Equal(1, variance, 1e-5);
        Assert.NotEqual(0, Moments.Of(AdvantagesOf(updates[0])).Mean, 1e-3);
    }

    [Fact]
    public async Task Advantages_whitened_over_minibatches_have_mean_0_and_variance_1_in_each()
    {
        using var parts = new TinyPpo(
            Plain with
            {
                AdvantageWhitening = AdvantageWhitening.Minibatch,
                Lambda = 0.95,
                Training = Plain.Training with { BatchSize = 2 },
            }
        );
        var updates = await Updates(parts, (r, i) => Score.Outcome(r, i, "test"));
        Assert.All(
            updates,
            update =>
            {
                var (mean, variance) = Moments.Of(AdvantagesOf(update));
                Assert.Equal(0, mean, 1e-5);
                Assert.Equal(1, variance, 1e-5);
            }
        );
    }

    [Fact]
    public async Task Each_epoch_sees_every_answer_once_and_only_the_first_update_must_find_the_weights_unchanged()
    {
        using var parts = new TinyPpo(Plain with { PpoEpochs = 3, Training = Plain.Training with { BatchSize = 3 } });
        var updates = await Updates(parts, (r, i) => Score.Outcome(r, i, "test"));
        Assert.Equal(6, updates.Count);
        Assert.Equal([3, 1, 3, 1, 3, 1], updates.Select(u => u.Count));
        for (var epoch = 0; epoch < 3; epoch++)
        {
            Assert.Equal([0, 1, 2, 3], updates[2 * epoch].Concat(updates[2 * epoch + 1]).Select(Index).Order());
        }

        Assert.All(updates[0], item => Assert.True(item.Unchanged));
        Assert.All(updates.Skip(1).SelectMany(u => u), item => Assert.False(item.Unchanged));
    }

    [Fact]
    public async Task What_a_round_measured_is_the_mean_over_its_answers()
    {
        using var parts = new TinyPpo(
            Plain with
            {
                Kl = Plain.Kl with { KlCoefficient = 0.3 },
                Scores = Plain.Scores with { MissingEosPenalty = 0.5 },
            }
        );
        Disturb(parts.Policy);
        var experience = Scripted(parts, (r, i) => Score.Outcome(r, i, "test"), Cut, out var rollouts);
        var measured = (await experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!.Measured;
        TokenSequence[] sequences = [.. rollouts().Select(r => r.Sequence)];
        var own = AnswerLogProbs.Of(parts.Policy, sequences, Plain.Sampling.Temperature);
        var reference = AnswerLogProbs.Of(parts.Reference, sequences, Plain.Sampling.Temperature);
        var kl = own.Zip(reference, (p, q) => p.Zip(q, (a, b) => (double)a - b).Sum()).Average();
        Assert.Equal(kl, measured["objective/kl"], 1e-5);
        Assert.True(measured["objective/kl_k3"] >= 0);
        Assert.Equal(1.5 - 0.25, measured["objective/scores"], 1e-9); // (0 + 1 + 2 + 3) / 4, less half the penalty
        Assert.Equal(-0.3 * kl, measured["objective/non_score_reward"], 1e-5);
        Assert.Equal(1.25 - 0.3 * kl, measured["objective/rlhf_reward"], 1e-5);
        Assert.Equal(own.Average(p => -p.Sum(x => (double)x)), measured["objective/entropy"], 1e-5);
        Assert.Equal(
            (0.3, 4.0, 0.5),
            (measured["objective/kl_coef"], measured["response_length/mean"], measured["response_length/clip_ratio"])
        );
    }

    [Fact]
    public async Task The_adaptive_coefficient_follows_the_divergence()
    {
        using var parts = new TinyPpo(
            Plain with
            {
                Kl = Plain.Kl with { KlController = KlController.Adaptive, KlCoefficient = 0.2, KlTarget = 0.01, KlHorizon = 40 },
            }
        );
        Disturb(parts.Policy);
        var experience = Scripted(parts, (r, i) => Score.Outcome(r, i, "test"), StopReasons: null, out _);
        var at = Progress.Start(new Seed(1));
        var first = (await experience.NextAsync(at, CancellationToken.None))!.Measured;
        var second = (await experience.NextAsync(at with { Round = 1 }, CancellationToken.None))!.Measured;
        Assert.Equal(0.2, first["objective/kl_coef"]);
        Assert.Equal(KlOptions.NextBeta(0.2, first["objective/kl"], 0.01, 4, 40), second["objective/kl_coef"], 1e-12);
        Assert.NotEqual(0.2, second["objective/kl_coef"]);
        var next = KlOptions.NextBeta(second["objective/kl_coef"], second["objective/kl"], 0.01, 4, 40);
        Assert.Equal(experience.State["kl_coef"], next, 1e-12);
    }

    [Fact]
    public async Task A_spent_KL_budget_ends_the_run_and_says_why()
    {
        using var parts = new TinyPpo(Plain with { Rollouts = Plain.Rollouts with { KlBudget = 0.05 } });
        Disturb(parts.Policy);
        Assert.Null(await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None));
        Assert.Contains("KL budget of 0.05 nats", parts.Experience.StoppedBecause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Within_its_KL_budget_a_run_goes_on()
    {
        using var parts = new TinyPpo(Plain with { Rollouts = Plain.Rollouts with { KlBudget = 0.05 } });
        Assert.NotNull(await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None));
        Assert.Null(parts.Experience.StoppedBecause);
    }

    private static bool Cut(int index) => index % 2 == 1;

    private static bool Ended(PpoItem item) => !Cut(Index(item));

    /// <summary>Scripted answers carry their index in their first token.</summary>
    private static int Index(PpoItem item) => item.Sequence.Answer[0] - 1;

    private static async Task<PpoItem[]> Round(PpoOptions options, Func<Rollout, int, Score> score, Func<int, bool>? cut = null)
    {
        using var parts = new TinyPpo(options);
        return await Next(parts, score, cut);
    }

    private static async Task<PpoItem[]> Next(TinyPpo parts, Func<Rollout, int, Score> score, Func<int, bool>? cut = null) =>
        [.. (await Updates(parts, score, cut)).SelectMany(u => u)];

    private static async Task<IReadOnlyList<IReadOnlyList<PpoItem>>> Updates(
        TinyPpo parts,
        Func<Rollout, int, Score> score,
        Func<int, bool>? cut = null
    ) => (await Scripted(parts, score, cut, out _).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!.Updates;

    /// <summary>The same policy with four answers of four tokens, and scores that are told which answer they judge.</summary>
    private static Ppo.Experience Scripted(
        TinyPpo parts,
        Func<Rollout, int, Score> score,
        Func<int, bool>? StopReasons,
        out Func<IReadOnlyList<Rollout>> rollouts
    )
    {
        var sampler = new ScriptedSampler(parts.Policy, parts.Options.Sampling.Temperature, StopReasons ?? (_ => false));
        rollouts = () => sampler.Last;
        return new Ppo.Experience(parts.Options, parts.Parts with { Sampler = sampler, Reward = new ScriptedReward(score) })
        {
            Value = parts.Value,
        };
    }

    private static void Disturb(LanguageModel model)
    {
        using var quiet = TorchSharp.torch.no_grad();
        using var scope = TorchSharp.torch.NewDisposeScope();
        model.Weights.Values.mul_(1.3f);
    }

    private static double[] AdvantagesOf(IEnumerable<PpoItem> items) => [.. items.SelectMany(i => i.Advantages).Select(a => (double)a)];

    private static double[] Doubles(IEnumerable<float> values) => [.. values.Select(v => (double)v)];

    private static void Near(double[] expected, IReadOnlyList<float> found)
    {
        Assert.Equal(expected.Length, found.Count);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    private sealed class ScriptedSampler(LanguageModel policy, double temperature, Func<int, bool> cut) : ISampler
    {
        public IReadOnlyList<Rollout> Last { get; private set; } = [];

        public ValueTask UseWeightsAsync(LanguageModel model, long version, CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask<IReadOnlyList<Rollout>> SampleAsync(
            IReadOnlyList<SampleRequest> requests,
            SamplingOptions options,
            CancellationToken cancel
        )
        {
            TokenSequence[] sequences = [.. requests.Select((r, i) => new TokenSequence([.. r.Prompt, i + 1, 7, 9, 3], r.Prompt.Length))];
            var logProbs = AnswerLogProbs.Of(policy, sequences, temperature);
            Last = [.. sequences.Select((s, i) => new Rollout(s, [.. logProbs[i]], cut(i) ? StopReason.Length : StopReason.EndToken, 0))];
            return ValueTask.FromResult(Last);
        }
    }

    private sealed class ScriptedReward(Func<Rollout, int, Score> score) : IReward
    {
        public string Name => "scripted";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select((r, i) => score(r, i))]);
    }
}
