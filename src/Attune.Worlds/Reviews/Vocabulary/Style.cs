namespace Attune.Worlds.Reviews.Vocabulary;

/// <summary>The voice of a reviewer. It says nothing about what the reviewer thinks.</summary>
public enum Style
{
    Plain,
    Enthusiastic,
    Dry,
    Literary,
    Chatty,
}
