using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Attune.Core;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>
/// Learns a byte-level BPE vocabulary (Sennrich et al. 2016; Radford et al. 2019): the most frequent pair of neighbours becomes a
/// token, again and again. Of equally frequent pairs the lexicographically greatest by bytes is taken, so that the result is
/// determined by the text alone.
/// </summary>
public static class BytePairTrainer
{
    /// <param name="texts">Special tokens that occur in them separate texts and are not learned from.</param>
    /// <param name="vocabularySize">Special tokens and the 256 bytes included. A text that runs out of pairs gives a smaller
    /// vocabulary.</param>
    /// <param name="special">They get the first ids.</param>
    /// <exception cref="AttuneException">The size leaves no room for the bytes and special tokens.</exception>
    public static BytePairTokenizer Train(IEnumerable<string> texts, int vocabularySize, SpecialTokens special)
    {
        var names = special.All.ToList();
        if (vocabularySize < 256 + names.Count)
        {
            throw new AttuneException(
                $"a vocabulary of {vocabularySize} was asked for; expected at least {256 + names.Count}: 256 bytes and "
                    + $"{names.Count} special tokens."
            );
        }
        var learned = new PairMerger(CountWords(texts, names));
        while (names.Count + learned.TokenCount < vocabularySize && learned.MergeNext()) { }

        var tokens = learned
            .Tokens.Select((bytes, index) => KeyValuePair.Create(ByteLetters.Spell(bytes), names.Count + index))
            .ToDictionary(StringComparer.Ordinal);
        var merges = learned
            .Merges.Select(m => $"{ByteLetters.Spell(learned.Tokens[m.Left])} {ByteLetters.Spell(learned.Tokens[m.Right])}")
            .ToImmutableArray();
        var ids = names.Select((name, id) => KeyValuePair.Create(name, id)).ToDictionary(StringComparer.Ordinal);
        return new BytePairTokenizer(new BytePairVocabulary(tokens, merges, ids), special);
    }

    private static Dictionary<string, long> CountWords(IEnumerable<string> texts, List<string> special)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        var bySpan = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        // Longer names first, so that one which begins another does not hide it.
        var separator = new Regex(
            string.Join('|', special.OrderByDescending(s => s.Length).Select(Regex.Escape)),
            RegexOptions.CultureInvariant
        );
        foreach (var text in texts)
        {
            foreach (var part in separator.EnumerateSplits(text))
            {
                var rest = text.AsSpan(part);
                while (rest.Length > 0)
                {
                    var word = rest[..Gpt2Words.FirstWord(rest)];
                    bySpan[word] = bySpan.TryGetValue(word, out var count) ? count + 1 : 1;
                    rest = rest[word.Length..];
                }
            }
        }

        return counts;
    }
}
