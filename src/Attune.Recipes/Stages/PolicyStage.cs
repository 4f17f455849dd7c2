using System.Diagnostics;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Training.Contracts;

namespace Attune.Recipes.Stages;

/// <summary>A stage that improves the policy on answers of its own, and measures what it did on prompts that it never saw.</summary>
[VariantsFrom(typeof(MethodStages))]
public abstract record PolicyStage : Stage
{
    public abstract PolicyTask Task { get; init; }

    /// <summary>What the method's options say of sampling and measuring.</summary>
    internal abstract RolloutOptions Rollouts { get; }

    internal AnswerOptions Answers => new(Rollouts.Temperature, Rollouts.MaxNewTokens, Rollouts.EvaluationPrompts, Rollouts);

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Rollouts.Training, samples: true),
            .. Task.Missing(Kind, Rollouts.EvaluationPrompts, given),
            .. MissingForMethod(given),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given;

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => [given.Policy, Task.RewardModel is null ? given.Reward : null];

    public override async Task<StageResult> RunAsync(StageContext room, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        using var bench = new PolicySetup(Kind, Task, Answers, room);
        var progress = await LearnAsync(bench, room, cancel);
        var figures = await bench.FinishAsync(progress, cancel);
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = room.Notes };
    }

    /// <summary>What the method needs beside prompts and reward, and will not find.</summary>
    protected virtual IEnumerable<string> MissingForMethod(PlannedArtifacts given) => [];

    /// <summary>Builds objective and experience on the bench, and trains.</summary>
    internal abstract Task<Progress> LearnAsync(PolicySetup bench, StageContext room, CancellationToken cancel);

    /// <summary>Takes stock, then trains to the end.</summary>
    internal async Task<Progress> FitAsync<T>(
        PolicySetup bench,
        StageContext room,
        IObjective<T> objective,
        RolloutExperience<T> experience,
        string task,
        CancellationToken cancel
    )
    {
        await bench.BeginAsync(cancel);
        return await room.FitAsync(objective, experience, Rollouts.Training, [bench.Hash], task, cancel);
    }
}
