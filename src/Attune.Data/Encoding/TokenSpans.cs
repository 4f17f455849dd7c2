using System.Collections.Immutable;
using Attune.Text.Tokenizers;

namespace Attune.Data.Encoding;

/// <summary>A part of a text, in code points.</summary>
/// <param name="End">The code point after its last.</param>
public readonly record struct TextSpan(int Start, int End);

/// <summary>Where parts of a text end among its tokens.</summary>
/// <param name="Ends">For each part the token at which it ends; null where that token is not there.</param>
/// <param name="Cut">Parts whose token was cut off.</param>
public sealed record SpanEnds(ImmutableArray<int?> Ends, int Cut);

/// <summary>
/// From parts of a text (steps, marked spans) to tokens: the one place where labels and rewards of parts find theirs. A part stands at the
/// last token that ends in it, so that nothing of what follows is read with it. Where no token does (one token has the end of the part and
/// the beginning of the next), it stands at the last token that has some of it; a part that no token was made of (white space in BERT), at
/// the token before.
/// </summary>
public static class TokenSpans
{
    /// <returns>The index of the token; null where the text has no token up to there.</returns>
    public static int? EndOf(IReadOnlyList<(int Start, int End)> offsets, TextSpan span)
    {
        int? ending = null,
            touching = null,
            before = null;
        for (var i = 0; i < offsets.Count; i++)
        {
            var (start, end) = offsets[i];
            if (end <= span.Start)
            {
                before = i;
            }
            else if (start < span.End)
            {
                touching = i;
                ending = end <= span.End ? i : ending;
            }
        }

        return ending ?? touching ?? before;
    }

    /// <summary>The same for several parts of a text of which not all tokens are kept.</summary>
    /// <param name="kept">Tokens that are there: those before are cut, and so are those after.</param>
    public static SpanEnds EndsOf(EncodedText text, IEnumerable<TextSpan> spans, Range kept)
    {
        var (from, count) = kept.GetOffsetAndLength(text.Ids.Length);
        int?[] all = [.. spans.Select(s => EndOf(text.Offsets, s))];
        ImmutableArray<int?> ends = [.. all.Select(i => i >= from && i < from + count ? i : null)];
        return new SpanEnds(ends, all.Zip(ends).Count(e => e.First is not null && e.Second is null));
    }
}
