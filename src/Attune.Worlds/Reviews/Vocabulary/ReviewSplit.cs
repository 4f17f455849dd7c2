namespace Attune.Worlds.Reviews.Vocabulary;

/// <summary>Which films a text may be about. No title is in both, so a held-out prompt names a film never trained on.</summary>
public enum ReviewSplit
{
    Train,
    HeldOut,
}
