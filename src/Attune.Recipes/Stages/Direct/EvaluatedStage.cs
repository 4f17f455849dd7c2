using System.ComponentModel;
using System.Diagnostics;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Methods;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Training.Evaluation;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Trains a policy against a reference, and lets it answer held-out prompts before and after.</summary>
public abstract record EvaluatedStage : Stage
{
    [Description("folder of the reference model; left out, the model that training starts from")]
    public string? RefModel { get; init; }

    [Flatten]
    public EvaluationOptions Evaluation { get; init; } = new();

    internal override IEnumerable<string?> OnlyMeasuresWith => [Evaluation.RewardModel];

    /// <summary>The method's options.</summary>
    internal abstract TrainingOptions Options { get; }

    public override PlannedArtifacts After(PlannedArtifacts given) => given;

    /// <summary>Reads the data; what is returned trains to the end.</summary>
    internal abstract ReadyTraining Prepare(Workplace place);

    internal IEnumerable<string> MissingModels(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Options, samples: Kind == "online-dpo"),
            .. RefModel is { } folder && !Directory.Exists(folder)
                ? [$"{Kind}.ref_model: {folder} is not a folder; expected a model's."]
                : Array.Empty<string>(),
            .. Evaluation.Missing(Kind),
        ];

    public override async Task<StageResult> RunAsync(StageContext room, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var (policy, origin) = room.LoadLearner(Options);
        using var shared = origin;
        using var trained = policy;
        using var own =
            RefModel is not null ? ModelFiles.LoadLanguageModel(RefModel)
            : origin is null ? policy.Copy()
            : null;
        var reference = own ?? origin!;
        var place = new Workplace(room, room.LoadEncoder(), policy, reference, []);
        var training = Prepare(place);
        using var evaluation = Evaluation.Open(Kind, room, place.Encoder, reference, training.HeldOutPrompts);
        var before = await evaluation.EvaluateAsync(policy, 0, cancel);
        var exactBefore = await evaluation.ExactAsync(policy, cancel);
        room.FreezeLayers(policy, Options);
        var progress = await training.Run(evaluation, cancel);
        var after = await evaluation.EvaluateAsync(policy, progress.Updates, cancel);
        var exact = await evaluation.ExactAsync(policy, cancel);
        if (after.Count > 0)
        {
            var summary = PolicyEvaluation.Summarise(after);
            summary.Add(exact);
            room.LogEvaluation(progress, summary);
            evaluation.LogSamples(before, 0);
            evaluation.LogSamples(after, progress.Updates);
        }

        foreach (var note in evaluation.Evaluation?.Proxy?.Notes ?? [])
        {
            room.Note(note);
        }

        ModelFiles.Save(policy, room.FinalFolder);
        place.Encoder.Save(room.FinalFolder);
        room.Artifacts = room.Artifacts with { Policy = room.FinalFolder };
        var figures = place
            .Figures.Concat(AlignmentFigures.Of(before, after, progress).WithExact(exactBefore, exact))
            .ToDictionary(f => f.Key, f => f.Value);
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = room.Notes };
    }
}

/// <summary>What a stage of this kind works with.</summary>
/// <param name="Figures">Takes what is measured.</param>
internal sealed record Workplace(
    StageContext Room,
    Encoder Encoder,
    LanguageModel Policy,
    LanguageModel Reference,
    Dictionary<string, double> Figures
);

/// <summary>Training made ready.</summary>
/// <param name="HeldOutPrompts">To examine by, where the recipe names no others.</param>
internal sealed record ReadyTraining(IEnumerable<Prompt> HeldOutPrompts, Func<StageEvaluation, CancellationToken, Task<Progress>> Run);
