using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Training.Contracts;
using Attune.Training.Experience;

namespace Attune.Methods.Preference;

/// <summary>
/// Rounds of a preference dataset: those of <see cref="DatasetExperience{T}"/>, with what direct methods look at between updates.
/// </summary>
public sealed class PreferenceExperience<T>(DatasetExperience<T> data) : IExperience<T>
{
    /// <summary>0 for never.</summary>
    public int EvaluateEvery { get; init; }

    /// <summary>Held-out figures.</summary>
    public Func<Metrics>? Evaluate { get; init; }

    /// <summary>Looks at the chosen answers.</summary>
    public ChosenWatch? Watch { get; init; }

    /// <summary>Where its warning goes.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>What an update's items need that only the update as a whole can tell.</summary>
    public UpdatePreparation<T>? Preparation { get; init; }

    /// <summary>A reference that follows the policy; null for one that stays.</summary>
    public MovingReference? MovingReference { get; init; }

    public long PlannedUpdates => data.PlannedUpdates;

    public Func<Progress, CancellationToken, ValueTask<Metrics>>? Evaluation =>
        EvaluateEvery > 0 && Evaluate is { } evaluate ? (_, _) => ValueTask.FromResult(evaluate()) : null;

    public long Rows => data.Rows;

    public void PlanFor(long updates) => data.PlanFor(updates);

    public IReadOnlyList<FlatParameters> Followers => MovingReference?.Weights ?? [];

    public IReadOnlyDictionary<string, double> State =>
        new[] { Watch?.State, Preparation?.State }.SelectMany(part => part ?? new Dictionary<string, double>()).ToDictionary();

    public void Restore(IReadOnlyDictionary<string, double> state)
    {
        Watch?.Restore(state);
        Preparation?.Restore(state);
    }

    public async ValueTask<Round<T>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (await data.NextAsync(at, cancel) is not { } round)
        {
            return null;
        }

        MovingReference?.Follow(at.Updates);
        if (EvaluateEvery > 0 && at.Updates % EvaluateEvery == 0)
        {
            round.Measured.Add(Evaluate?.Invoke() ?? new Metrics());
            if (Watch?.Look(at.Updates) is { } warning)
            {
                round.Measured.Set("chosen_fell_at", at.Updates);
                Warn?.Invoke(warning);
            }
        }

        return Preparation is null ? round : round with { Updates = [.. round.Updates.Select(Preparation.Learn)] };
    }
}
