using System.Numerics;
using Attune.Worlds.Reviews.Grammar;
using Attune.Worlds.Reviews.Vocabulary;

namespace Attune.Worlds.Reviews.Reading;

/// <summary>What the tables of the grammar say about words: which judge, and which name an aspect.</summary>
internal static class ReviewLexicon
{
    /// <summary>Judging phrases, -1 to 1. A phrase in several tables has the mean of its judgements.</summary>
    public static PhraseBook<double> Judgements { get; } =
        new(
            from production in GrammarTables.Default.All
            from phrase in production.Judgements
            group production.Guard.Judgement!.Value by string.Join(' ', phrase) into judged
            select KeyValuePair.Create(judged.Key, judged.Average())
        );

    /// <summary>The nouns of each aspect; null for the names of genres, so that a ghost story is not a story.</summary>
    public static PhraseBook<Aspect?> Nouns { get; } =
        new(
            from production in GrammarTables.Default["noun"].Concat(GrammarTables.Default["genre"]).Concat(GrammarTables.Default["genres"])
            select KeyValuePair.Create(
                string.Join(' ', production.Parts.Cast<Part.Word>().Select(w => w.Text)),
                production.Guard.Aspects == 0 ? null : (Aspect?)BitOperations.TrailingZeroCount(production.Guard.Aspects)
            )
        );

    /// <summary>Words that turn what follows in their clause into its opposite.</summary>
    public static bool Negates(string token) =>
        token is "not" or "never" or "no" or "nobody" or "nothing" or "hardly" or "without" or "neither" or "nor"
        || token.EndsWith("n't", StringComparison.Ordinal);

    /// <summary>Words and marks at which a clause ends and a negation with it.</summary>
    public static bool EndsClause(string token) =>
        token is "," or ";" or ":" or "and" or "but" or "because" or "which" or "that" or "although" or "though" or "even";
}
