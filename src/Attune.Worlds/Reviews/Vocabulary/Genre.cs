namespace Attune.Worlds.Reviews.Vocabulary;

/// <summary>The kinds of film; their printed names are in assets/reviews/grammar/films.txt.</summary>
public enum Genre
{
    Western,
    Thriller,
    Comedy,
    Romance,
    Drama,
    Mystery,
    Musical,
    War,
    Ghost,
    Heist,
    Road,
    Fairy,
}
