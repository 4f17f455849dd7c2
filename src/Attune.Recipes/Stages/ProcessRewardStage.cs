using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Experience;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Trains a process reward model on labelled steps, or its outcome sibling on the same solutions.</summary>
[Runs(typeof(ProcessRewardOptions))]
public sealed record ProcessRewardStage : Stage
{
    [Flatten]
    public LabelFiles Labels { get; init; } = new();

    [Flatten]
    public ProcessRewardOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. Method.Training.Lora.R > 0
                ? [$"{Kind}.lora.r is {Method.Training.Lora.R}, but adapters are not for process reward models. Leave lora out."]
                : ProblemsOfAdapter(Method.Training),
            .. Labels.Missing(Kind, given),
        ];

    private bool IsOutcome => Method.Supervise == StepSupervision.Outcome;

    public override PlannedArtifacts After(PlannedArtifacts given) =>
        given with
        {
            Reward = true,
            Process = given.Process || !IsOutcome,
            Outcome = given.Outcome || IsOutcome,
        };

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => LearnsFromLabels(given, Labels.Data);

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        using var policy = context.LoadPolicy();
        var encoder = context.LoadEncoder();
        var labels = Labels.Read<StepLabels>(
            Kind,
            (source, rows) => DataSource.FromFile<StepLabels>(source, rows, context),
            label => label.Prompt.Key,
            Method.TestSplit,
            context
        );
        var data = Encode(labels, encoder, policy, context);
        using var model = new ProcessModel(
            new TokenClassifier(policy, Method.Labels, context.Seed.For("head"), Method.Training.Precision),
            Method.Encoding
        );
        context.FreezeLayers(model.Classifier, Method.Training);
        var experience = new DatasetExperience<StepItem>(data.Train, Method.Training.BatchSize, Method.Epochs)
        {
            Evaluate = () => Evaluate(model, data.HeldOut),
            EvaluateEvery = Method.EvaluateEvery,
        };
        var objective = new ProcessReward.Objective(model.Classifier);
        await context.FitAsync(objective, experience, Method.Training, [labels.Hash], "process reward model", cancel);
        model.Save(context.FinalFolder);
        encoder.Save(context.FinalFolder);
        context.Artifacts = IsOutcome
            ? context.Artifacts with
            {
                Reward = context.FinalFolder,
                Outcome = context.FinalFolder,
            }
            : context.Artifacts with
            {
                Reward = context.FinalFolder,
                Process = context.FinalFolder,
            };
        var shown = MarkedAnswers.Of(labels.Rows.HeldOut, model, encoder);
        return Result(model, data) with { Marked = shown };
    }

    private EncodedSplit<StepItem> Encode(LabelSplit<StepLabels> labels, Encoder encoder, LanguageModel policy, StageContext context)
    {
        var (cut, inside) = (0, 0);
        var data = EncodedSplit.Of(
            labels.Rows,
            labels.Name,
            rows =>
            {
                inside += rows.Sum(r => r.Steps.Count(s => s.Text.Contains(Method.StepSeparator, StringComparison.Ordinal)));
                return Items(encoder, rows, Math.Min(Method.MaxLength, policy.Config.ContextLength), steps => cut += steps);
            },
            context
        );
        if (cut > 0)
        {
            context.Note($"{labels.Name}: {cut} steps end after the longest length and are not learned (max_length)");
        }

        if (inside > 0)
        {
            context.Note(
                $"{labels.Name}: {inside} steps have the separator in their text; in an answer such a step is judged as several "
                    + "(step_separator)"
            );
        }

        return data;
    }

    private EncodedData<StepItem> Items(Encoder encoder, ImmutableArray<StepLabels> rows, int maxLength, Action<int> cutSteps)
    {
        var encoded = Method.Encoding.EncodeAll(encoder, rows, maxLength, cutSteps);
        var (items, sources, reasons) = (new List<StepItem>(), new List<int>(), new List<string>());
        foreach (var (i, row) in encoded.Items.Index())
        {
            if (StepTargets.Of(row, Method, out var reason) is { } item)
            {
                items.Add(item);
                sources.Add(encoded.Sources[i]);
            }
            else
            {
                reasons.Add(reason);
            }
        }

        return new EncodedData<StepItem>([.. items], [.. sources], [.. encoded.Dropped, .. DroppedRows.Of(reasons)], 0);
    }

    private StageResult Result(ProcessModel model, EncodedSplit<StepItem> data)
    {
        var (rewards, right) = Judged(model, data.HeldOut);
        var result =
            right.Length == 0
                ? new StageResult(Kind, 0, new Dictionary<string, double>())
                : RewardFigures.OfVerdicts(Kind, [.. rewards.Select(r => r - 0.5)], right);
        return result with
        {
            Metrics = new Dictionary<string, double>(result.Metrics)
            {
                ["examples"] = data.Train.Length,
                ["steps"] = data.Train.Sum(i => i.Targets.Length),
                ["held_out"] = data.HeldOut.Length,
            },
        };
    }

    private static Metrics Evaluate(ProcessModel model, ImmutableArray<StepItem> heldOut)
    {
        var metrics = new Metrics();
        var (rewards, right) = Judged(model, heldOut);
        if (right.Length > 0)
        {
            metrics.Set("eval_accuracy", right.Select((r, i) => rewards[i] > 0.5 == r ? 1.0 : 0).Average());
        }

        return metrics;
    }

    /// <summary>What the model says of labelled steps, and whether they are right, which a neutral step of a class of its own is.</summary>
    private static (double[] Rewards, bool[] Right) Judged(ProcessModel model, ImmutableArray<StepItem> items)
    {
        var rewards = model.Rewards(
            [.. items.Select(i => i.Sequence)],
            [.. items.Select(i => i.Targets.Select(t => t.Position).ToArray())]
        );
        return ([.. rewards.SelectMany(r => r)], [.. items.SelectMany(i => i.Targets).Select(t => t.Probabilities[0] < 0.5f)]);
    }
}
