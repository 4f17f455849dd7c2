using System.Collections.Immutable;
using Attune.Core;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>What a byte-level BPE tokenizer knows, in the form of its files: each byte is written as one printable letter.</summary>
/// <param name="Tokens">Ids by spelling, without special tokens. Holds all 256 single bytes.</param>
/// <param name="Merges">Pairs in the order learned, the two spellings with one space between.</param>
/// <param name="Special">Ids of special tokens by their plain text.</param>
public sealed record BytePairVocabulary(
    IReadOnlyDictionary<string, int> Tokens,
    ImmutableArray<string> Merges,
    IReadOnlyDictionary<string, int> Special
)
{
    /// <summary>One more than the largest id.</summary>
    public int Size { get; } = 1 + Tokens.Values.Concat(Special.Values).DefaultIfEmpty(-1).Max();

    /// <exception cref="ModelFileException">A byte is missing, two tokens share an id, or a merge names tokens that do not
    /// exist.</exception>
    internal void Check(string source)
    {
        var missing = ByteLetters.InVocabularyOrder.Where(b => !Tokens.ContainsKey(ByteLetters.Letter(b).ToString())).ToList();
        if (missing.Count > 0)
        {
            throw new ModelFileException(
                $"{source}: the vocabulary lacks {missing.Count} of the 256 single bytes, first 0x{missing[0]:X2}; expected a "
                    + "byte-level vocabulary, like GPT-2's, that can write any text."
            );
        }
        var clash = Tokens.Concat(Special).GroupBy(t => t.Value).FirstOrDefault(g => g.Count() > 1 || g.Key < 0);
        if (clash is not null)
        {
            throw new ModelFileException(
                $"{source}: id {clash.Key} stands for {string.Join(" and ", clash.Select(t => $"'{t.Key}'"))}; expected ids "
                    + "from 0 up, one for each token."
            );
        }
        // A few ids may be free; a wild one would make tables of its size.
        if (Size > 2 * (Tokens.Count + Special.Count))
        {
            throw new ModelFileException(
                $"{source}: the largest id is {Size - 1}, but there are only {Tokens.Count + Special.Count} tokens; expected ids from 0 up."
            );
        }
        for (var i = 0; i < Merges.Length; i++)
        {
            var parts = Merges[i].Split(' ');
            var unknown = parts.Length != 2 ? Merges[i] : parts.Append(string.Concat(parts)).FirstOrDefault(p => !Tokens.ContainsKey(p));
            if (unknown is not null)
            {
                throw new ModelFileException(
                    $"{source}: merge {i + 1} is '{Merges[i]}', but the vocabulary has no '{unknown}'; expected merges and "
                        + "vocabulary of one tokenizer."
                );
            }
        }
    }
}
