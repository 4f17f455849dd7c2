using Attune.Core.Conversations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Training.Evaluation;

namespace Attune.Recipes.Stages;

/// <summary>
/// The groups of options of training that is held against a reference, between two evaluations: the policy answers held-out prompts before
/// and after.
/// </summary>
public sealed record EvaluatedTraining
{
    [Flatten]
    public ReferenceModel Reference { get; init; } = new();

    [Flatten]
    public EvaluationOptions Evaluation { get; init; } = new();

    [Flatten]
    public KeptReplies Kept { get; init; } = new();

    internal IEnumerable<string> Missing(string kind) => [.. Reference.Missing(kind), .. Evaluation.Missing(kind), .. Kept.Missing(kind)];

    /// <param name="heldOutPrompts">To evaluate by, where the recipe names no others.</param>
    /// <param name="train">Trains to the end.</param>
    internal async Task<StageResult> RunAsync(
        Stage stage,
        ReferencedPolicy models,
        TrainingOptions training,
        IEnumerable<Prompt> heldOutPrompts,
        Func<StageEvaluation, Task<TrainingOutcome>> train,
        CancellationToken cancel
    )
    {
        var (context, policy) = (models.Context, models.Policy);
        using var evaluation = Evaluation.Open(stage.Kind, context, models.Encoder, models.Reference, heldOutPrompts);
        var before = await evaluation.EvaluateAsync(policy, 0, cancel);
        var exactBefore = await evaluation.ExactAsync(policy, cancel);
        var kept = Kept.Read(context, models.Encoder, policy.Config.ContextLength);
        double? keptBefore = kept.IsEmpty ? null : KeptReplies.Perplexity(policy, kept);
        context.FreezeLayers(policy, training);
        var (progress, own) = await train(evaluation);
        var after = await evaluation.EvaluateAsync(policy, progress.Updates, cancel);
        var exact = await evaluation.ExactAsync(policy, cancel);
        Log(evaluation, context, progress, before, after, exact);
        ModelFiles.Save(policy, context.FinalFolder);
        models.Encoder.Save(context.FinalFolder);
        context.Artifacts = context.Artifacts with { Policy = context.FinalFolder };
        var figures = own.Concat(AlignmentFigures.Of(before, after, progress).WithExact(exactBefore, exact))
            .ToDictionary(f => f.Key, f => f.Value);
        KeptReplies.Add(figures, keptBefore, policy, kept);
        return new StageResult(stage.Kind, 0, figures);
    }

    private static void Log(
        StageEvaluation evaluation,
        StageContext context,
        Progress progress,
        IReadOnlyList<EvaluatedAnswer> before,
        IReadOnlyList<EvaluatedAnswer> after,
        Metrics exact
    )
    {
        if (after.Count > 0)
        {
            var summary = PolicyEvaluation.Summarise(after);
            summary.Add(exact);
            context.LogEvaluation(progress, summary);
            evaluation.LogSamples(before, 0);
            evaluation.LogSamples(after, progress.Updates);
        }

        foreach (var note in evaluation.Evaluation?.Proxy?.Notes ?? [])
        {
            context.Note(note);
        }
    }
}

/// <summary>How training ended.</summary>
/// <param name="Figures">What was measured, for the stage's result.</param>
internal sealed record TrainingOutcome(Progress Progress, IReadOnlyDictionary<string, double> Figures);
