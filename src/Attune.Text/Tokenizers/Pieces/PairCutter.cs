using System.Runtime.InteropServices;

namespace Attune.Text.Tokenizers.Pieces;

/// <summary>
/// Byte-pair encoding as SentencePiece does it (Kudo and Richardson 2018): of all neighbours that make a piece those with the highest score
/// are joined, of equal ones the leftmost. What users defined is never joined; pieces that are unused are taken apart again.
/// </summary>
internal sealed class PairCutter(SentencePieceModel model, Dictionary<string, int> ids, PieceTree userDefined) : IPieceCutter
{
    /// <param name="Frozen">Never joined.</param>
    private record struct Part(int Start, int End, int Before, int After, bool Frozen);

    private readonly record struct Pair(int Left, int Right, int Length);

    public List<PieceSpan> Cut(string text)
    {
        var parts = Characters(text);
        var halves = new Dictionary<string, int>(StringComparer.Ordinal);
        Join(text, parts, halves);
        var cut = new List<PieceSpan>(parts.Count);
        for (var at = 0; at >= 0 && at < parts.Count; at = parts[at].After)
        {
            Write(text, parts[at].Start, parts[at].End, halves, cut);
        }

        return cut;
    }

    private List<Part> Characters(string text)
    {
        var parts = new List<Part>(text.Length);
        var at = 0;
        while (at < text.Length)
        {
            var defined = userDefined.Longest(text, at);
            var length =
                defined > 0 ? defined
                : char.IsSurrogatePair(text, at) ? 2
                : 1;
            parts.Add(new Part(at, at + length, parts.Count - 1, parts.Count + 1, defined > 0));
            at += length;
        }

        if (parts.Count > 0)
        {
            parts[^1] = parts[^1] with { After = -1 };
        }
        return parts;
    }

    /// <param name="halves">For stretches that are unused pieces, how long the part is that they begin with.</param>
    private void Join(string text, List<Part> list, Dictionary<string, int> halves)
    {
        var parts = CollectionsMarshal.AsSpan(list);
        var queue = new PriorityQueue<Pair, (float Score, int Left)>(BestThenLeftmost.Instance);
        for (var right = 1; right < parts.Length; right++)
        {
            Offer(text, parts, right - 1, right, queue, halves);
        }

        while (queue.TryDequeue(out var pair, out _))
        {
            ref var left = ref parts[pair.Left];
            ref var right = ref parts[pair.Right];
            // Stale where either has become part of another meanwhile.
            if (left.End == left.Start || right.End == right.Start || right.End - left.Start != pair.Length)
            {
                continue;
            }
            (left.End, left.After) = (right.End, right.After);
            if (right.After >= 0)
            {
                parts[right.After].Before = pair.Left;
            }
            right.End = right.Start;
            Offer(text, parts, left.Before, pair.Left, queue, halves);
            Offer(text, parts, pair.Left, left.After, queue, halves);
        }
    }

    private void Offer(
        string text,
        Span<Part> parts,
        int left,
        int right,
        PriorityQueue<Pair, (float Score, int Left)> queue,
        Dictionary<string, int> halves
    )
    {
        if (left < 0 || right < 0 || parts[left].Frozen || parts[right].Frozen)
        {
            return;
        }
        var (start, end) = (parts[left].Start, parts[right].End);
        if (ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text.AsSpan(start, end - start), out var id))
        {
            queue.Enqueue(new Pair(left, right, end - start), (model.Pieces[id].Score, left));
            if (model.Pieces[id].Type == PieceType.Unused)
            {
                halves[text[start..end]] = parts[left].End - start;
            }
        }
    }

    private void Write(string text, int start, int end, Dictionary<string, int> halves, List<PieceSpan> cut)
    {
        var id = ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text.AsSpan(start, end - start), out var known) ? known : -1;
        if (id >= 0 && model.Pieces[id].Type == PieceType.Unused && halves.TryGetValue(text[start..end], out var half))
        {
            Write(text, start, start + half, halves, cut);
            Write(text, start + half, end, halves, cut);
        }
        else
        {
            cut.Add(new PieceSpan(id, start, end));
        }
    }

    private sealed class BestThenLeftmost : IComparer<(float Score, int Left)>
    {
        public static readonly BestThenLeftmost Instance = new();

        public int Compare((float Score, int Left) a, (float Score, int Left) b) =>
            a.Score > b.Score ? -1
            : a.Score < b.Score ? 1
            : a.Left.CompareTo(b.Left);
    }
}
