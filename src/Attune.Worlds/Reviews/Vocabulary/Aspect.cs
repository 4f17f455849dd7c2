namespace Attune.Worlds.Reviews.Vocabulary;

/// <summary>What a sentence of a review judges. The nouns of each are in assets/reviews/grammar/nouns.txt.</summary>
public enum Aspect
{
    Plot,
    Acting,
    Music,
    Camera,
    Dialogue,
    Ending,
    Pacing,
    Characters,
    Design,
    Direction,
}
