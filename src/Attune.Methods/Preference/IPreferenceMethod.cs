using Attune.Models.Architecture;

namespace Attune.Methods.Preference;

/// <summary>The options of a method that learns from a file of preferences, as the stage that runs it needs them.</summary>
public interface IPreferenceMethod
{
    TrainingOptions Training { get; }

    PreferenceOptions Data { get; }

    /// <summary>Null for a method without a reference.</summary>
    ReferenceOptions? Reference => null;
}

/// <summary>
/// The options of a method that learns from pairs. A record that implements this and carries a <see cref="MethodAttribute"/> is a
/// stage of recipes and a command, without a line anywhere else.
/// </summary>
public interface IPairMethod : IPreferenceMethod
{
    /// <summary>What tokens beyond the shorter answer of a pair count in log-probabilities: 1 but in LD-DPO.</summary>
    double TailWeight => 1;

    /// <summary>The method's equation on the models at hand.</summary>
    /// <param name="reference">The frozen reference; null where every pair carries its log-probabilities, or none is used.</param>
    PairObjective Objective(LanguageModel policy, LanguageModel? reference);

    /// <summary>The pairs of an update with what only the update as a whole can tell; the pairs themselves for most methods.</summary>
    /// <param name="reference">As for the objective.</param>
    IReadOnlyList<PreferencePair> Prepare(IReadOnlyList<PreferencePair> update, LanguageModel policy, LanguageModel? reference) => update;
}
