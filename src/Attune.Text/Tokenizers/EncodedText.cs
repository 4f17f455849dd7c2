using System.Collections.Immutable;

namespace Attune.Text.Tokenizers;

/// <summary>The tokens of a text and where they lie in it.</summary>
/// <param name="Ids">As <see cref="ITokenizer.Encode"/> gives them.</param>
/// <param name="Offsets">
/// For each token the code points of the given text that it was made of, from the first to, and without, the last. A space that a token
/// begins with belongs to it; a character that several tokens spell belongs whole to each of them; what a tokenizer puts before a text
/// lies where its first character does. Code points that nothing was made of (white space in BERT) belong to no token.
/// </param>
/// <param name="Lost">Bytes (byte-level vocabularies) or characters of the text that the vocabulary has no token for: they are left out,
/// so that the ids do not decode to the text.</param>
public sealed record EncodedText(ImmutableArray<int> Ids, ImmutableArray<(int Start, int End)> Offsets, int Lost = 0)
{
    public static EncodedText Empty { get; } = new([], []);

    /// <summary>This text and another after it.</summary>
    /// <param name="next">With offsets in itself.</param>
    /// <param name="start">Where in the whole it begins, in code points.</param>
    public EncodedText Then(EncodedText next, int start) =>
        new(Ids.AddRange(next.Ids), [.. Offsets, .. next.Offsets.Select(o => (o.Start + start, o.End + start))], Lost + next.Lost);
}
