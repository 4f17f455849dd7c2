using System.Collections.Immutable;
using System.Globalization;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Methods.Reward;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Kahneman-Tversky optimisation: verdicts on single answers, or pairs taken apart.</summary>
[Runs(typeof(KtoOptions))]
public sealed record KtoStage : DirectStage
{
    [Flatten]
    public KtoOptions Method { get; init; } = new();

    internal override IPreferenceMethod Common => Method;

    internal override ReadyTraining Prepare(Workplace place)
    {
        var work = new DirectWork(this, place);
        var data = work.Verdicts();
        NoteBalance(place.Room, data.Train);
        var items = new Examples<KtoItem>(
            WithReference(work, "train", data.Train, always: false),
            WithReference(work, "held-out", data.HeldOut, always: true)
        );
        var watched = (data.HeldOut.IsEmpty ? data.Train : data.HeldOut).Where(v => v.Desirable).Select(v => v.Sequence).ToArray();
        return new ReadyTraining(
            work.HeldOutPrompts,
            (_, cancel) =>
                work.FitAsync(
                    new Kto.Objective(Method, place.Policy, place.Reference),
                    items,
                    watched,
                    batch => Kto.WithDivergence(batch, place.Policy, place.Reference),
                    data.Hash,
                    cancel
                )
        );
    }

    private ImmutableArray<KtoItem> WithReference(DirectWork work, string name, ImmutableArray<LabelledSequence> verdicts, bool always)
    {
        var items = Kto.Items([.. verdicts.Select(v => (v.Sequence, v.Desirable))]);
        var known = work.Known(name, [.. items.Select(i => i.Sequence), .. items.Select(i => i.Mismatched)], Method.Reference, always);
        return [.. items.Select((item, i) => item with { Reference = known[i], MismatchedReference = known[items.Length + i] })];
    }

    private void NoteBalance(StageContext room, ImmutableArray<LabelledSequence> verdicts)
    {
        double desirable = verdicts.Count(v => v.Desirable),
            undesirable = verdicts.Length - desirable;
        if (desirable == 0 || undesirable == 0)
        {
            room.Note(
                $"all {verdicts.Length} verdicts are {(desirable > 0 ? "desirable" : "undesirable")}; KTO needs both to tell them apart"
            );
            return;
        }

        var ratio = Method.DesirableWeight * desirable / (Method.UndesirableWeight * undesirable);
        if (ratio is < 0.99 or > 1.34)
        {
            var balanced = undesirable * Method.UndesirableWeight / desirable;
            room.Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"desirable_weight * {desirable} desirable / (undesirable_weight * {undesirable} undesirable) is {ratio:0.00}; "
                        + $"the KTO paper advises 1 to 1.33: desirable_weight {balanced:0.00} would give 1"
                )
            );
        }
    }
}
