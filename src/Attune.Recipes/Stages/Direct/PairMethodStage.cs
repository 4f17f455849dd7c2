using Attune.Core.Tokens;
using Attune.Methods;
using Attune.Methods.Preference;

namespace Attune.Recipes.Stages.Direct;

/// <summary>Runs a method that learns from pairs: made from the method's card alone.</summary>
public sealed record PairMethodStage<TMethod> : DirectStage
    where TMethod : class, IPairMethod, new()
{
    [Flatten]
    public TMethod Method { get; init; } = new();

    internal override IPreferenceMethod Common => Method;

    internal override ReadyTraining Prepare(Workplace place)
    {
        var work = new DirectWork(this, place);
        var data = work.Pairs();
        var items = new Examples<PreferencePair>(
            [.. WithReference(work, "train", data.Train, always: false)],
            // Held-out pairs are asked about again and again: their reference is always computed once.
            [.. WithReference(work, "held-out", data.HeldOut, always: true)]
        );
        var watched = (data.HeldOut.IsEmpty ? data.Train : data.HeldOut).Select(p => p.Chosen).ToArray();
        return new ReadyTraining(
            work.HeldOutPrompts,
            (_, cancel) => work.FitAsync(Method.Objective(place.Policy, place.Reference), items, watched, prepare: null, data.Hash, cancel)
        );
    }

    private IEnumerable<PreferencePair> WithReference(DirectWork work, string name, IReadOnlyList<TokenPair> pairs, bool always)
    {
        var known = work.Known(name, [.. pairs.Select(p => p.Chosen), .. pairs.Select(p => p.Rejected)], Method.Reference, always);
        return pairs.Select(
            (pair, i) =>
                new PreferencePair(
                    pair,
                    known[i] is { } chosen && known[pairs.Count + i] is { } rejected ? new ReferenceLogProbs(chosen, rejected) : null
                )
        );
    }
}
