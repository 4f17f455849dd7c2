namespace Attune.Text.Tokenizers.Pieces;

/// <summary>A stretch of a normalised text and the piece that it is.</summary>
/// <param name="Id">-1 where it is unknown.</param>
/// <param name="End">One past its last UTF-16 unit.</param>
internal readonly record struct PieceSpan(int Id, int Start, int End);

/// <summary>Cuts a normalised text into pieces.</summary>
internal interface IPieceCutter
{
    List<PieceSpan> Cut(string text);
}

/// <summary>Each character is a piece, and what users defined.</summary>
internal sealed class CharacterCutter(Dictionary<string, int> ids, PieceTree userDefined) : IPieceCutter
{
    public List<PieceSpan> Cut(string text)
    {
        var cut = new List<PieceSpan>(text.Length);
        var known = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var at = 0;
        while (at < text.Length)
        {
            var length =
                userDefined.Longest(text, at) is > 0 and var defined ? defined
                : char.IsSurrogatePair(text, at) ? 2
                : 1;
            cut.Add(new PieceSpan(known.TryGetValue(text.AsSpan(at, length), out var id) ? id : -1, at, at + length));
            at += length;
        }

        return cut;
    }
}

/// <summary>Each word is a piece, with the space before it: also where a file says that spaces stand after words.</summary>
internal sealed class WordCutter(Dictionary<string, int> ids) : IPieceCutter
{
    private const char Space = '\u2581';

    public List<PieceSpan> Cut(string text)
    {
        var cut = new List<PieceSpan>();
        var known = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var start = 0;
        while (start < text.Length)
        {
            var next = text.IndexOf(Space, start + 1);
            var end = next < 0 ? text.Length : next;
            cut.Add(new PieceSpan(known.TryGetValue(text.AsSpan(start, end - start), out var id) ? id : -1, start, end));
            start = end;
        }

        return cut;
    }
}
