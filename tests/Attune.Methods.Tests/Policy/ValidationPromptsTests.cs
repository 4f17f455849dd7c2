using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;

namespace Attune.Methods.Tests.Policy;

/// <summary>Where a run stops is judged by prompts of its own, so that the final figures did not choose it.</summary>
public sealed class ValidationPromptsTests
{
    private static readonly RlooOptions Watched = RlooTests.Small with
    {
        Rollouts = RlooTests.Small.Rollouts with { TotalEpisodes = 16 * 5, StopOnGoldDrop = 0.5, EvaluateEvery = 1 },
    };

    [Fact]
    public async Task A_fall_on_the_validation_prompts_stops_the_run_whatever_the_evaluation_says()
    {
        var (stopped, observer) = await RunAsync(Watched, evaluation: look => look, validation: look => 5 - look);
        // Looks see 5, 4, 3: the second and the third are too far below the first.
        Assert.Contains("gold reward fell to 3", stopped, StringComparison.Ordinal);
        Assert.Equal(2, observer.Rounds.Count);
        Assert.Equal([5, 4], observer.Rounds.Select(r => r.Metrics["validation/gold_reward"]));
        Assert.Equal([0, 1], observer.Rounds.Select(r => r.Metrics["eval/gold_reward"]));
    }

    [Fact]
    public async Task A_fall_on_the_evaluation_prompts_does_not()
    {
        var (stopped, observer) = await RunAsync(Watched, evaluation: look => 5 - look, validation: look => look);
        Assert.Null(stopped);
        Assert.Equal(5, observer.Rounds.Count);
    }

    [Fact]
    public async Task Without_a_rule_for_stopping_nobody_looks_at_them()
    {
        var looks = 0;
        var (stopped, observer) = await RunAsync(
            Watched with
            {
                Rollouts = Watched.Rollouts with { StopOnGoldDrop = 0 },
            },
            evaluation: _ => 1,
            validation: _ => ++looks
        );
        Assert.Null(stopped);
        Assert.Equal(0, looks);
        Assert.All(observer.Rounds, r => Assert.DoesNotContain("validation/gold_reward", r.Metrics.Keys));
    }

    private static async Task<(string? Stopped, RecordingObserver Observer)> RunAsync(
        RlooOptions options,
        Func<int, double> evaluation,
        Func<int, double> validation
    )
    {
        using var tiny = new TinyRollouts(options, evaluation: true, gold: new Looks(evaluation));
        var seen = tiny.Parts.Evaluation!;
        var experience = new Rloo.Experience(
            options,
            tiny.Parts with
            {
                Validation = new PolicyEvaluation
                {
                    Prompts = tiny.Parts.Prompts.From(2),
                    Count = 3,
                    Sampler = seen.Sampler,
                    Sampling = seen.Sampling,
                    Proxy = seen.Proxy,
                    Gold = new Looks(validation),
                    Reference = seen.Reference,
                    Tokenizer = seen.Tokenizer,
                    Seed = new Seed(3),
                },
            }
        );
        var observer = new RecordingObserver();
        using var loop = new TrainingLoop<GroupItem>(
            new Rloo.Objective(options, tiny.Policy),
            experience,
            options.Training.LearningRateSchedule,
            options.Training.Optimiser,
            new LoopOptions(8, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(1)), observer, CancellationToken.None);
        return (experience.StoppedBecause, observer);
    }

    /// <summary>One number for all answers, by how often it was asked.</summary>
    private sealed class Looks(Func<int, double> number) : IReward
    {
        private int _looks;

        public string Name => "looks";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
        {
            var value = number(_looks++);
            return ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select(r => Score.Outcome(r, value, Name))]);
        }
    }
}
