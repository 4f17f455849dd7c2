using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Control.Preferences;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using TorchSharp;

namespace Attune.Control.Tests.Preferences;

public sealed class PreferenceRewardsTests
{
    private static readonly PreferenceOptions Small = new()
    {
        Questions = 200,
        Hidden = [16],
        Updates = 50,
        FirstUpdates = 200,
        ClipSteps = 5,
    };

    public PreferenceRewardsTests() => torch.set_num_threads(1);

    /// <summary>The judge likes a high cosine and nothing else.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    public async Task Rewards_are_learned_from_comparisons_even_with_mistakes(double mistakes)
    {
        using var rewards = Make(Small, mistakes);
        var played = Played(400);
        var measured = new Metrics();
        var paid = await rewards.PayAsync([played], Progress.Start(new Seed(1)), measured, default);
        var cosines = played.Observations.Select(o => (double)o[0]).ToArray();
        Assert.True(Correlation.Pearson(cosines, paid[0]) > 0.85, $"{Correlation.Pearson(cosines, paid[0])}");
        Assert.Equal(measured["reward/correlation"], Correlation.Pearson(cosines, paid[0])!.Value, 1e-12);
    }

    /// <summary>So the scale of the rewards does not move with what the agent does meanwhile.</summary>
    [Fact]
    public async Task Rewards_are_normalised_over_the_labelled_clips()
    {
        using var rewards = Make(Small);
        await rewards.PayAsync([Played(400)], Progress.Start(new Seed(1)), new Metrics(), default);
        var steps = rewards.Labels.Clips().data<float>().ToArray().Chunk(4);
        var (mean, variance) = Moments.Of([.. steps.Select(s => rewards.Ensemble.Reward(s[..3], s[3..]))]);
        Assert.Equal(0, mean, 1e-5);
        Assert.InRange(variance, 0.7, 1 + 1e-5); // 1 for each member; their mean has less
    }

    /// <summary>
    /// With answers by chance a pair that the network is wrongly sure of has no gradient: such labels, the newest of an agent that exploits
    /// what was learned so far, would never be learned. A loss of 3.0 a label is that; 0.05 is the least there is.
    /// </summary>
    [Fact]
    public void Labels_that_contradict_what_was_learned_are_learned()
    {
        using var network = new Attune.Control.Networks.RewardNetwork(1, [16], new Seed(1));
        var member = new RewardMember(network, Small, new Seed(1));
        var space = new BoxSpace([-1], [1]);
        using var labels = new ClipLabels(space, new BoxSpace([], []), 1, capacity: 40);
        for (var i = 0; i < 40; i++)
        {
            labels.Add(Step(i / 40f), Step(-i / 40f - 0.02f), 1);
        }

        using var clips = labels.Clips() * 5;
        using var right = torch.ones(40);
        using var wrong = torch.zeros(40);
        for (var fit = 0; fit < 20; fit++)
        {
            member.Fit(clips, right, labels, 100, new Seed(2), new Metrics()); // surer with every fit
        }

        var measured = new Metrics();
        member.Fit(clips, wrong, labels, 100, new Seed(3), measured);
        Assert.InRange(measured["reward/loss"], 0.05, 0.5);

        static Clip Step(float observation) =>
            new(
                [
                    [observation],
                ],
                [
                    [],
                ],
                [0]
            );
    }

    [Fact]
    public async Task Asking_and_paying_change_no_statistic()
    {
        using var rewards = Make(Small with { Choice = QuestionChoice.Disagreement });
        var played = Played(400);
        await rewards.PayAsync([played], Progress.Start(new Seed(1)), new Metrics(), default);
        var before = rewards.Ensemble.Save();
        rewards.Ensemble.Differences(Clip.Of(played, 0, 5), Clip.Of(played, 50, 5));
        rewards.Ensemble.Reward([9, 9, 9], [2]);
        Assert.Equal(before, rewards.Ensemble.Save());
    }

    /// <summary>The median of the votes' disagreement rises, and the ensemble is asked without a crash.</summary>
    [Fact]
    public async Task Questions_by_disagreement_are_those_that_members_differ_on()
    {
        using var rewards = Make(Small with { Questions = 20 });
        var played = Played(400);
        await rewards.PayAsync([played], Progress.Start(new Seed(1)), new Metrics(), default);
        double Key(ClipQuestion q) => Disagreement.OfVotes(rewards.Ensemble.Differences(q.Left, q.Right));
        (double, double) Of(Clip a, Clip b) =>
            (Disagreement.OfVotes(rewards.Ensemble.Differences(a, b)), Disagreement.OfProbabilities(rewards.Ensemble.Differences(a, b)));
        var random = ClipQuestions.Draw([played], 5, 20, 0, new Seed(3));
        var chosen = ClipQuestions.Draw([played], 5, 20, 0, new Seed(3), Of);
        Assert.Equal(20, chosen.Count);
        Assert.True(chosen.Average(Key) > random.Average(Key));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), chosen.Select(q => q.Number));
    }

    [Fact]
    public void No_question_is_a_question_of_nothing_and_no_clip_crosses_an_episodes_end()
    {
        var played = Played(40, endEvery: 8);
        Assert.Empty(ClipQuestions.Draw([played], 5, 0, 0, new Seed(1)));
        Assert.All(Clip.Starts([played], 5), s => Assert.DoesNotContain(true, Enumerable.Range(s.Start, 4).Select(t => played.Ended[t])));
        Assert.Equal(5 * 4, Clip.Starts([played], 5).Count); // five episodes of eight steps
        var error = Assert.Throws<DataException>(() => ClipQuestions.Draw([played], 9, 1, 0, new Seed(1)));
        Assert.Contains("9 steps", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_told_is_not_stored_but_was_asked()
    {
        using var rewards = Make(Small with { Questions = 7 }, judge: new Undecided());
        var measured = new Metrics();
        var paid = await rewards.PayAsync([Played(50)], Progress.Start(new Seed(1)), measured, default);
        Assert.Equal((7, 0, 7), (measured["labels/asked"], measured["labels/taken"], measured["labels/cannot_tell"]));
        Assert.All(paid[0], r => Assert.True(double.IsFinite(r)));
    }

    [Fact]
    public void The_newest_labels_are_kept_with_their_numbers()
    {
        var space = BoxSpace.Around(1);
        using var labels = new ClipLabels(space, space, 1, capacity: 3);
        for (var i = 0; i < 5; i++)
        {
            labels.Add(
                new Clip(
                    [
                        [i],
                    ],
                    [
                        [0],
                    ],
                    [0]
                ),
                new Clip(
                    [
                        [-i],
                    ],
                    [
                        [0],
                    ],
                    [0]
                ),
                i / 10.0
            );
        }

        Assert.Equal((3, 5), (labels.Count, labels.Taken));
        var kept = Enumerable.Range(0, 3).Select(p => (labels.NumberAt(p), labels.Clips()[p, 0, 0, 0].item<float>())).ToArray();
        Assert.All(kept, k => Assert.Equal(k.Item1, k.Item2));
        Assert.Equal([2, 3, 4], kept.Select(k => k.Item1).Order());
        var odd = new Clip(
            [
                [1],
                [1],
            ],
            [
                [0],
                [0],
            ],
            [0, 0]
        );
        Assert.Contains(
            "2 steps; expected 1",
            Assert.Throws<DataException>(() => labels.Add(odd, odd, 1)).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>1/e = 0.368 of the labels; 2000 draws have a deviation of 0.011.</summary>
    [Fact]
    public void A_share_of_one_in_e_is_held_out_by_each_member_always_the_same()
    {
        using var network = new Attune.Control.Networks.RewardNetwork(2, [4], new Seed(1));
        var (first, second) = (new RewardMember(network, Small, new Seed(1)), new RewardMember(network, Small, new Seed(2)));
        var draws = Enumerable.Range(0, 2000).Select(i => (first.Draws(i), second.Draws(i))).ToArray();
        Assert.Equal(1 / Math.E, draws.Count(d => d.Item1 == 0) / 2000.0, 0.035);
        Assert.Equal(1, draws.Average(d => (double)d.Item1), 0.07);
        Assert.Equal(1 / Math.E / Math.E, draws.Count(d => d is (0, 0)) / 2000.0, 0.03);
        Assert.Equal(draws.Select(d => d.Item1), Enumerable.Range(0, 2000).Select(i => first.Draws(i)));
    }

    /// <summary>
    /// A network of zeros says one half to every pair: ln 2 a label, trained on or held out, however many labels there are. Of sums, the
    /// ratio would have been the ratio of their numbers.
    /// </summary>
    [Theory]
    [InlineData(30)]
    [InlineData(200)]
    public async Task Both_losses_that_rule_the_penalty_are_a_labels(int questions)
    {
        using var rewards = Make(Small with { Questions = questions, LearningRate = 1e-12, FirstUpdates = 1 }, zero: true);
        var measured = new Metrics();
        await rewards.PayAsync([Played(400)], Progress.Start(new Seed(1)), measured, default);
        Assert.Equal(Math.Log(2), measured["reward/loss"], 1e-4);
        Assert.Equal(Math.Log(2), measured["reward/held_out_loss"], 1e-4);
    }

    [Theory]
    [InlineData(1.0, 1.6, 1.1)]
    [InlineData(1.0, 1.05, 1 / 1.1)]
    [InlineData(1.0, 1.3, 1)]
    public void The_penalty_follows_the_ratio_of_losses(double trained, double held, double factor) =>
        Assert.Equal(1e-4 * factor, AdaptivePenalty.Next(1e-4, trained, held, 1.1, 1.5, most: 1), 1e-12);

    [Fact]
    public void The_penalty_becomes_no_heavier_than_allowed() => Assert.Equal(1e-4, AdaptivePenalty.Next(1e-4, 1, 9, 1.1, 1.5, most: 1e-4));

    private static PreferenceRewards Make(PreferenceOptions options, double mistakes = 0, IClipJudge? judge = null, bool zero = false)
    {
        judge ??= new SimulatedPerson(new SimulatedPersonOptions { Mistakes = mistakes }, new Seed(4));
        var rewards = new PreferenceRewards(new Pendulum(), options with { UntrainedShare = 1 }, 2, 400, judge, new Seed(2));
        foreach (var weights in zero ? rewards.Ensemble.Weights : [])
        {
            using var quiet = torch.no_grad();
            weights.Exact.zero_();
        }

        return rewards;
    }

    /// <summary>A pendulum that turns slowly; it is paid its cosine.</summary>
    private static PlayedSteps Played(int steps, int endEvery = int.MaxValue)
    {
        var chance = new Seed(7).Rng();
        var angles = Enumerable.Range(0, steps).Select(t => 0.3 * t + chance.NextDouble()).ToArray();
        return new PlayedSteps(
            [.. angles.Select(a => new[] { (float)Math.Cos(a), (float)Math.Sin(a), (float)chance.NextNormal() })],
            [.. angles.Select(_ => new[] { (float)chance.NextNormal() })],
            [.. angles.Select(a => (double)(float)Math.Cos(a))],
            [.. Enumerable.Range(1, steps).Select(t => t % endEvery == 0)]
        );
    }

    private sealed class Undecided : IClipJudge
    {
        public ValueTask<IReadOnlyList<ClipAnswer>> AskAsync(IReadOnlyList<ClipQuestion> questions, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<ClipAnswer>>([.. questions.Select(q => new ClipAnswer(q, ClipChoice.CannotTell))]);
    }
}
