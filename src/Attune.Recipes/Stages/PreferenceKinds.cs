namespace Attune.Recipes.Stages;

/// <summary>How annotators are asked.</summary>
public enum FeedbackKind
{
    Pairs,
    Choice,
    Ranking,
}

/// <summary>Where a stage's labels come from.</summary>
public enum PreferenceOrigin
{
    /// <summary>The policy answers, and annotators are asked now.</summary>
    Ask,

    /// <summary>People answered already, in the annotation app.</summary>
    Store,

    /// <summary>The policy answers, and a language model is asked.</summary>
    Model,
}
