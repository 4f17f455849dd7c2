using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Experience;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Trains the span models of fine-grained feedback, one after another, on the same marked answers.</summary>
[Runs(typeof(FineGrainedOptions))]
public sealed record FineGrainedStage : Stage
{
    [Flatten]
    public LabelFiles Labels { get; init; } = new();

    [Flatten]
    public FineGrainedOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. Method.Training.Lora.R > 0
                ? [$"{Kind}.lora.r is {Method.Training.Lora.R}, but adapters are not for span models. Leave lora out."]
                : ProblemsOfAdapter(Method.Training),
            .. Method.Models.Select(m => m.Name).Distinct(StringComparer.Ordinal).Count() < Method.Models.Length
                ? [$"{Kind}.models: two have the same name; expected each once."]
                : Array.Empty<string>(),
            .. Labels.Data is null && !given.Spans
                ? [$"{Kind}.data is missing: name a file of answers with marked spans, or put a span-feedback stage before this one."]
                : Labels.Missing(Kind, given with { Preferences = true }),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { SpanModels = true };

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => LearnsFromLabels(MarkedLabels(given), Labels.Data);

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var labels = Labels.Read<SpanLabels>(
            Kind,
            (source, rows) => DataSource.FromFile<SpanLabels>(source, rows, context),
            label => label.Prompt.Key,
            Method.TestSplit,
            context,
            MarkedLabels(context.Artifacts)
        );
        var figures = new Dictionary<string, double>
        {
            ["examples"] = labels.Rows.Training.Length,
            ["held_out"] = labels.Rows.HeldOut.Length,
        };
        var shown = new MarkedAnswers(labels.Rows.HeldOut);
        foreach (var model in Method.Models)
        {
            figures = new([.. figures, .. await FitAsync(model, labels, shown, context, cancel)]);
        }

        context.Artifacts = context.Artifacts with { SpanModels = context.FinalFolder };
        return new StageResult(Kind, 0, figures) { Marked = shown.All };
    }

    /// <summary>Marked answers are handed over beside the pairs that other stages learn from.</summary>
    private static Artifacts MarkedLabels(Artifacts given) =>
        given with
        {
            Preferences = given.Spans,
            HeldOutPreferences = given.HeldOutSpans,
        };

    private async Task<Dictionary<string, double>> FitAsync(
        SpanModelOptions span,
        LabelSplit<SpanLabels> labels,
        MarkedAnswers shown,
        StageContext context,
        CancellationToken cancel
    )
    {
        using var policy = context.LoadPolicy();
        var encoder = context.LoadEncoder();
        var longest = Math.Min(Method.MaxLength, policy.Config.ContextLength);
        var (train, heldOut) = (
            Items(encoder, labels.Rows.Training, span, longest, context),
            Items(encoder, labels.Rows.HeldOut, span, longest, context)
        );
        if (train.IsEmpty)
        {
            throw new DataException($"{labels.Name}: no part of an answer is left to learn from for {span.Name}.");
        }

        using var model = new ProcessModel(
            new TokenClassifier(policy, ["bad", "good"], context.Seed.For("head " + span.Name), Method.Training.Precision),
            new StepEncoding("\n", false) { Density = span.Density }
        );
        context.FreezeLayers(model.Classifier, Method.Training);
        var experience = new DatasetExperience<StepItem>(train, Method.Training.BatchSize, Method.Epochs);
        var objective = new ProcessReward.Objective(model.Classifier);
        await context.FitAsync(objective, experience, Method.Training, [labels.Hash], $"{span.Name} model", cancel, span.Name);
        var folder = Path.Combine(context.FinalFolder, span.Name);
        model.Save(folder);
        encoder.Save(folder);
        shown.Add(span, model, encoder);
        return SpanFigures.Of(span.Name, model, train, heldOut);
    }

    private static ImmutableArray<StepItem> Items(
        Encoder encoder,
        ImmutableArray<SpanLabels> rows,
        SpanModelOptions model,
        int longest,
        StageContext context
    )
    {
        var cut = 0;
        ImmutableArray<StepItem> items =
        [
            .. rows.Select(r => FineGrained.Item(encoder, r, model, longest, n => cut += n)).OfType<StepItem>(),
        ];
        if (cut > 0 || items.Length < rows.Length)
        {
            context.Note(
                $"{model.Name}: {cut} parts end after {longest} tokens and {rows.Length - items.Length} answers have no part within "
                    + "them; they are not used (max_length)"
            );
        }

        return items;
    }
}
