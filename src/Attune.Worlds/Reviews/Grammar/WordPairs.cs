using System.Collections.Frozen;

namespace Attune.Worlds.Reviews.Grammar;

/// <summary>
/// Which word can follow which in a review: worked out from the productions, not counted in samples, so no pair the
/// grammar can write is missing. The first and last words of every symbol are found for every context it depends on.
/// </summary>
internal sealed class WordPairs
{
    /// <summary>Stands before the first word of a text.</summary>
    public const string Start = ".";

    private static readonly string[] Roots = ["opening", "body", "follow", "closing", "single"];
    private static readonly Lazy<WordPairs> OfDefault = new(() => new PairAnalysis(GrammarTables.Default).Run(Roots));

    private readonly FrozenSet<(string, string)> _pairs;
    private readonly FrozenSet<string> _words;

    public WordPairs(IEnumerable<(string, string)> pairs)
    {
        _pairs = pairs.ToFrozenSet();
        _words = _pairs.SelectMany(pair => new[] { pair.Item1, pair.Item2 }).ToFrozenSet();
    }

    public static WordPairs Default => OfDefault.Value;

    public int Count => _pairs.Count;

    public int WordCount => _words.Count;

    public bool Knows(string word) => _words.Contains(word);

    public bool CanFollow(string before, string word) => _pairs.Contains((before, word));
}
