namespace Attune.Recipes.Running;

/// <summary>What a stage will find when its turn comes, as far as the recipe alone tells.</summary>
/// <param name="Policy">A model to start from.</param>
/// <param name="Tokenizer">One without a model.</param>
/// <param name="Preferences">Feedback that a stage collected.</param>
/// <param name="Reward">A reward model that a stage trained.</param>
public sealed record PlannedArtifacts(bool Policy, bool Tokenizer, bool Preferences, bool Reward)
{
    /// <summary>What an earlier run left, or the recipe's model alone.</summary>
    public static PlannedArtifacts Of(Artifacts given) =>
        new(given.Policy is not null, given.Tokenizer is not null, given.Preferences is not null, given.Reward is not null);
}
