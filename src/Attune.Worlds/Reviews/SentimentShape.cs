namespace Attune.Worlds.Reviews;

/// <summary>The distribution of sentiment over reviews, symmetric about 0.</summary>
public enum SentimentShape
{
    Uniform,
    Normal,
}
