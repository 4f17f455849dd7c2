using System.Collections.Immutable;
using Attune.Worlds.Reviews.Reading;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews;

/// <summary>What can be read from the text of a review alone.</summary>
/// <param name="Sentiment">-1 to 1, the weighted mean of what is judged; 0 where nothing is.</param>
/// <param name="Judgements">How many judging phrases there are.</param>
/// <param name="Aspects">The aspects named, in order, without repeats.</param>
/// <param name="Repetition">0 for a text that says nothing twice; about 2 for one word over and over.</param>
/// <param name="Fluency">The share of neighbouring words that the grammar can write, 0 to 1.</param>
/// <param name="UnknownWords">The share of words that the grammar does not have.</param>
/// <param name="Finished">Whether the text ends with a full stop, "!" or "?".</param>
public sealed record ReviewFactors(
    double Sentiment,
    int Judgements,
    ImmutableArray<Aspect> Aspects,
    int Words,
    int Sentences,
    double Repetition,
    double Fluency,
    double UnknownWords,
    bool Finished
)
{
    public static ReviewFactors Read(string text)
    {
        var tokens = ReviewTokens.Split(text);
        var (sentiment, phrases) = SentimentReader.Read(tokens);
        var fluency = Reviews.Fluency.Read(tokens);
        var finished = tokens.Length > 0 && ReviewTokens.EndsSentence(tokens[^1]);
        return new ReviewFactors(
            sentiment,
            phrases.Count,
            [.. AspectsOf(tokens).Distinct()],
            tokens.Count(ReviewTokens.IsWord),
            tokens.Count(ReviewTokens.EndsSentence) + (finished || tokens.Length == 0 ? 0 : 1),
            RepetitionReader.Read(tokens, phrases),
            fluency.PossiblePairs,
            fluency.UnknownWords,
            finished
        );
    }

    private static List<Aspect> AspectsOf(ReadOnlySpan<string> tokens)
    {
        var aspects = new List<Aspect>();
        for (var at = 0; at < tokens.Length; at++)
        {
            if (ReviewLexicon.Nouns.Match(tokens, at, out var aspect) is > 0 and var length)
            {
                if (aspect is { } named)
                {
                    aspects.Add(named);
                }
                at += length - 1;
            }
        }

        return aspects;
    }
}
