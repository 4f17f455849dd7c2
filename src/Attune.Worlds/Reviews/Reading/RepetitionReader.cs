namespace Attune.Worlds.Reviews.Reading;

/// <summary>How much of a text has been said before in it.</summary>
internal static class RepetitionReader
{
    /// <summary>
    /// 0 for a text that says nothing twice. The sum of three shares: word triples seen before, words that double the one
    /// before, and judging phrases seen before.
    /// </summary>
    public static double Read(ReadOnlySpan<string> tokens, IReadOnlyList<string> judgements)
    {
        var words = new List<string>();
        foreach (var token in tokens)
        {
            if (ReviewTokens.IsWord(token))
            {
                words.Add(token);
            }
        }

        var triples = Enumerable.Range(0, Math.Max(0, words.Count - 2)).Select(i => (words[i], words[i + 1], words[i + 2])).ToArray();
        var doubled = Enumerable.Range(1, Math.Max(0, words.Count - 1)).Count(i => words[i] == words[i - 1]);
        return RepeatedShare(triples) + ((double)doubled / Math.Max(1, words.Count)) + RepeatedShare(judgements);
    }

    private static double RepeatedShare<T>(IReadOnlyCollection<T> items) =>
        items.Count == 0 ? 0 : 1 - ((double)items.Distinct().Count() / items.Count);
}
