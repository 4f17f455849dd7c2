namespace Attune.Worlds.Annotators;

/// <summary>Whether annotators also say how much better the chosen answer is.</summary>
public enum MarginReport
{
    /// <summary>Only the order is asked.</summary>
    None,

    /// <summary>The size of the difference as the annotator's own taste sees it, before noise.</summary>
    Stated,
}
