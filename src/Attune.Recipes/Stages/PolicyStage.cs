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

    /// <summary>The method's options: how it samples, measures and trains.</summary>
    internal abstract IPolicyOptions Options { get; }

    internal AnswerOptions Answers => new(Options.Sampling, Options.Rollouts.EvaluationPrompts, Options);

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Options.Training, samples: true),
            .. ProblemsOfReference(Options.Kl?.Moves, Options.Training),
            .. Task.Missing(Kind, Answers.HeldOutPrompts, given),
            .. MissingForMethod(given),
        ];

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) =>
        [given.Policy, Task.RewardModel is null ? given.Reward : null, given.SpanModels];

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        using var setup = new PolicySetup(Kind, Task, Answers, context);
        var progress = await LearnAsync(setup, context, cancel);
        var figures = await setup.FinishAsync(progress, cancel);
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = context.Notes };
    }

    /// <summary>What the method needs beside prompts and reward, and will not find.</summary>
    protected virtual IEnumerable<string> MissingForMethod(PlannedArtifacts given) => [];

    /// <summary>Builds objective and experience, and trains.</summary>
    internal abstract Task<Progress> LearnAsync(PolicySetup setup, StageContext context, CancellationToken cancel);

    /// <summary>Evaluates the policy as it starts, then trains to the end.</summary>
    internal async Task<Progress> FitAsync<T>(
        PolicySetup setup,
        StageContext context,
        IObjective<T> objective,
        RolloutExperience<T> experience,
        string task,
        CancellationToken cancel
    )
    {
        await setup.BeginAsync(cancel);
        return await context.FitAsync(objective, experience, Options.Training, [setup.Hash], task, cancel);
    }
}
