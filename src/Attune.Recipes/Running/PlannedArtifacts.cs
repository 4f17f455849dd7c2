namespace Attune.Recipes.Running;

/// <summary>What a stage will find when its turn comes, as far as the recipe alone tells.</summary>
/// <param name="Policy">A model to start from.</param>
/// <param name="Tokenizer">One without a model.</param>
/// <param name="Preferences">Feedback that a stage collected.</param>
/// <param name="Reward">A reward model that a stage trained.</param>
public sealed record PlannedArtifacts(bool Policy, bool Tokenizer, bool Preferences, bool Reward)
{
    /// <summary>Answers in which a stage let people mark spans.</summary>
    public bool Spans { get; init; }

    /// <summary>Span models that a stage trained.</summary>
    public bool SpanModels { get; init; }

    /// <summary>A process reward model that a stage trained.</summary>
    public bool Process { get; init; }

    /// <summary>An outcome model that a stage trained on labelled solutions.</summary>
    public bool Outcome { get; init; }

    /// <summary>What an earlier run left, or the recipe's model alone.</summary>
    public static PlannedArtifacts Of(Artifacts given) =>
        new(given.Policy is not null, given.Tokenizer is not null, given.Preferences is not null, given.Reward is not null)
        {
            Spans = given.Spans is not null,
            SpanModels = given.SpanModels is not null,
            Process = given.Process is not null,
            Outcome = given.Outcome is not null,
        };
}
