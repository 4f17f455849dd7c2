using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Preference;
using Attune.Methods.Reward;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>Kahneman-Tversky optimisation: verdicts on single answers, or pairs taken apart.</summary>
[Runs(typeof(KtoOptions))]
public sealed record KtoStage : Stage
{
    [Flatten]
    public KtoOptions Method { get; init; } = new();

    [Flatten]
    public PreferenceTask Task { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Training),
            .. ProblemsOfReference(Method.Reference?.Moves, Method.Training),
            .. Task.Missing(Kind, given),
        ];

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => LearnsFromLabels(given, Task.Labels.Data);

    internal override IEnumerable<string?> OnlyMeasuresWith => Task.OnlyMeasuresWith;

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        using var models = new ReferencedPolicy(context, Method.Training, Task.Training.Reference.RefModel);
        var labels = Task.Read<Verdict>(Kind, PreferenceSource.Verdicts, Method.Data, context);
        BothVerdicts.Require(labels.Rows.Training, labels.Name);
        var longest = Math.Min(Method.Data.MaxLength, models.ContextLength);
        var verdicts = EncodedSplit.Of(
            labels.Rows,
            labels.Name,
            rows => Classification.Encode(models.Encoder, rows, longest, Method.Data.Truncation),
            context
        );
        NoteBalance(context, labels.Name, verdicts.Train);
        var reference = models.TrainingReference(Method.Reference);
        var preparation = new KtoPreparation(Method, models.Policy, reference, longest);
        var watched = verdicts.HeldOut.IsEmpty ? verdicts.Train : verdicts.HeldOut;
        var fit = new PreferenceFit<KtoItem>(this, Method, models)
        {
            Items = new EncodedSplit<KtoItem>(
                WithReference(models, "train", preparation, verdicts.Train, always: false),
                WithReference(models, "held-out", preparation, verdicts.HeldOut, always: true)
            ),
            Chosen = [.. watched.Where(v => v.Desirable).Select(v => v.Sequence)],
            Hash = labels.Hash,
            Preparation = preparation,
        };
        return await Task.Training.RunAsync(
            this,
            models,
            Method.Training,
            labels.Prompts,
            _ => fit.RunAsync(new Kto.Objective(Method, models.Policy, reference), cancel),
            cancel
        );
    }

    private ImmutableArray<KtoItem> WithReference(
        ReferencedPolicy models,
        string name,
        KtoPreparation preparation,
        ImmutableArray<LabelledSequence> verdicts,
        bool always
    )
    {
        var items = preparation.Items([.. verdicts.Select(v => (v.Sequence, v.Desirable))]);
        TokenSequence[] sequences = [.. items.Select(i => i.Sequence), .. items.Select(i => i.Mismatched).OfType<TokenSequence>()];
        var known = models.KnownLogProbs(name, sequences, Method.Reference, always);
        return
        [
            .. items.Select(
                (item, i) =>
                    item with
                    {
                        Reference = known[i],
                        MismatchedReference = item.Mismatched is null ? null : known[items.Length + i],
                    }
            ),
        ];
    }

    private void NoteBalance(StageContext context, string source, ImmutableArray<LabelledSequence> verdicts)
    {
        double desirable = verdicts.Count(v => v.Desirable),
            undesirable = verdicts.Length - desirable;
        if (desirable == 0 || undesirable == 0)
        {
            throw new DataException(
                $"{source}: all {verdicts.Length} verdicts that are left are {(desirable > 0 ? "desirable" : "undesirable")}; KTO learns "
                    + "from some of either kind. The notes above say why the others were left out; a longer max_length keeps longer ones."
            );
        }

        var ratio = Method.DesirableWeight * desirable / (Method.UndesirableWeight * undesirable);
        if (Method.LossType == VerdictLoss.Kto && (ratio is < 0.99 or > 1.34))
        {
            var balanced = undesirable * Method.UndesirableWeight / desirable;
            context.Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"desirable_weight * {desirable} desirable / (undesirable_weight * {undesirable} undesirable) is {ratio:0.00}; "
                        + $"the KTO paper advises 1 to 1.33: desirable_weight {balanced:0.00} would give 1"
                )
            );
        }
    }
}
