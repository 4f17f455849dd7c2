using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training;
using CsCheck;

namespace Attune.Methods.Tests.Policy;

public sealed class ReinforcePlusPlusTests
{
    internal static ReinforcePlusPlusOptions Small { get; } =
        new()
        {
            Rollouts = new() { TotalEpisodes = 32, RolloutBatchSize = 16 },
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new ReinforcePlusPlusOptions().Training with { BatchSize = 8, LearningRate = 3e-3 },
        };

    [Fact]
    public void Advantages_equal_the_values_worked_out_by_hand()
    {
        // To go: (2, 3) and (-1). Mean 4/3; squares 4/9, 25/9, 49/9, their mean 26/9, its root 1.699673.
        var advantages = ReinforcePlusPlus.Advantages(
            [
                [-1, 3],
                [-1],
            ],
            1
        );
        Assert.Equal([0.392232, 0.980581], advantages[0], (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([-1.372813], advantages[1], (a, b) => Math.Abs(a - b) < 1e-6);
        // One prompt: its mean is a constant, which normalising removes. Two prompts of two answers each, (1, 2) and (11, 13): less their
        // means -.5, .5, -1, 1; deviation sqrt(.625) = .790569.
        Assert.Equal(
            [-0.632456, 0.632456, -1.264911, 1.264911],
            ReinforcePlusPlus
                .Advantages(
                    [
                        [1],
                        [2],
                        [11],
                        [13],
                    ],
                    2
                )
                .Select(a => a[0]),
            (a, b) => Math.Abs(a - b) < 1e-6
        );
    }

    [Fact]
    public void Law_with_a_baseline_no_prompt_is_better_than_another() =>
        Gen.Double[-3, 3]
            .Array[1]
            .Array[6]
            .Where(r => Moments.Of([.. r.SelectMany(v => v)]).Variance > 0.1)
            .Sample(rewards =>
            {
                var advantages = ReinforcePlusPlus.Advantages(rewards, 3);
                Assert.All(advantages.Chunk(3), prompt => Assert.Equal(0, prompt.Sum(a => a[0]), 1e-9));
            });

    [Fact]
    public void Marks_are_learned_where_they_stand()
    {
        // Marks 1 and 3 in one answer, 2 in the other: mean 2, deviation sqrt(2 / 3) = .816497; scaled -1.224745, 1.224745, 0.
        ScoredAnswer[] group = [Answer(4, (1, 1), (3, 3)), Answer(2, (0, 2))];
        var advantages = GroupAdvantages.OfMarks([group], RewardScaling.Group);
        Assert.Equal([0, 0, 1.224745, 1.224745], advantages[0], (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([0, 0], advantages[1], (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public async Task A_tiny_policy_learns_to_answer_with_even_tokens()
    {
        using var tiny = new TinyRollouts(Small);
        var options = Small with
        {
            Rollouts = new() { TotalEpisodes = 64 * 20, RolloutBatchSize = 64 },
        };
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<GroupItem>(
            ReinforcePlusPlus.Objective(options, tiny.Policy),
            new ReinforcePlusPlus.Experience(options, tiny.Parts),
            options.Training.LearningRateSchedule,
            options.Training.Optimiser,
            new LoopOptions(8, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(3)), observer, CancellationToken.None);
        double[] scores = [.. observer.Rounds.Select(r => r.Metrics["objective/scores"])];
        Assert.True(scores[^1] > scores[0] + 0.15, $"the share of even tokens went from {scores[0]:f2} to {scores[^1]:f2}");
    }

    private static ScoredAnswer Answer(int length, params (int Position, double Value)[] marks) =>
        new(
            new Rollout(new TokenSequence([1, .. Enumerable.Repeat(2, length)], 1), default, StopReason.EndToken, 0),
            new float[length],
            new float[length],
            [],
            marks,
            marks.Sum(m => m.Value)
        );
}
