using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Reading;

namespace Attune.Worlds.Reviews;

/// <summary>
/// Whether a text is in the language of the reviews. It sees neighbouring words only: a text of possible pairs can still
/// be nonsense, but a text of impossible ones is not of this world.
/// </summary>
/// <param name="PossiblePairs">The share of neighbouring tokens that the grammar can write, 0 to 1; 0 for an empty text.</param>
/// <param name="UnknownWords">The share of tokens that the grammar does not have, 0 to 1.</param>
public readonly record struct Fluency(double PossiblePairs, double UnknownWords)
{
    public static Fluency Read(string text) => Read(ReviewTokens.Split(text));

    internal static Fluency Read(ReadOnlySpan<string> tokens)
    {
        var pairs = WordPairs.Default;
        var (possible, unknown) = (0, 0);
        var before = WordPairs.Start;
        foreach (var token in tokens)
        {
            possible += pairs.CanFollow(before, token) ? 1 : 0;
            unknown += pairs.Knows(token) ? 0 : 1;
            before = token;
        }

        return tokens.Length == 0 ? default : new Fluency((double)possible / tokens.Length, (double)unknown / tokens.Length);
    }
}
