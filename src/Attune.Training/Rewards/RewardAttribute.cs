namespace Attune.Training.Rewards;

/// <summary>On a <see cref="RewardTerm"/>: the card by which recipes, help and docs know the reward.</summary>
/// <param name="key">The key that chooses it in a recipe; the record's property of this name holds its main option.</param>
/// <param name="summary">What it rewards, in one line.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class RewardAttribute(string key, string summary) : Attribute
{
    public string Key { get; } = key;
    public string Summary { get; } = summary;
}
