using System.Collections.Immutable;
using Attune.Core.Tokens;

namespace Attune.Data.Encoding;

/// <summary>Sequences that share one row of a batch. Attention must not cross from one to another, and positions restart at each.</summary>
public sealed record PackedRow(ImmutableArray<TokenSequence> Segments)
{
    public int Length => Segments.Sum(s => s.Length);
}

/// <summary>Packs sequences into rows of a given length with little padding.</summary>
public static class Packing
{
    /// <summary>
    /// Longest first, each into the first row with room (first-fit decreasing: at most 11/9 of the best possible number of rows, plus
    /// one). Equal lengths keep their order, so the result is determined by the input.
    /// </summary>
    /// <exception cref="ArgumentException">A sequence is longer than a row.</exception>
    public static ImmutableArray<PackedRow> FirstFitDecreasing(IReadOnlyList<TokenSequence> sequences, int rowLength)
    {
        RequireFit(sequences, rowLength);
        var room = new FirstFit(sequences.Count, rowLength);
        var rows = new List<ImmutableArray<TokenSequence>.Builder>();
        foreach (var sequence in sequences.OrderByDescending(s => s.Length))
        {
            var row = room.Take(sequence.Length);
            if (row == rows.Count)
            {
                rows.Add(ImmutableArray.CreateBuilder<TokenSequence>());
            }
            rows[row].Add(sequence);
        }

        return [.. rows.Select(r => new PackedRow(r.ToImmutable()))];
    }

    /// <summary>
    /// Longest first, each into the row that has the least room that suffices; of several with that room, into the one that came to it
    /// first. TRL's bfd. Equal lengths keep their order, rows that of their beginning.
    /// </summary>
    /// <exception cref="ArgumentException">A sequence is longer than a row.</exception>
    public static ImmutableArray<PackedRow> BestFitDecreasing(IReadOnlyList<TokenSequence> sequences, int rowLength)
    {
        RequireFit(sequences, rowLength);
        var rows = new List<ImmutableArray<TokenSequence>.Builder>();
        var byRoom = new SortedDictionary<int, Queue<int>>(); // rows by their room, earliest first
        foreach (var sequence in sequences.OrderByDescending(s => s.Length))
        {
            var room = byRoom.Keys.Where(r => r >= sequence.Length).Append(-1).First();
            var row = room < 0 ? rows.Count : byRoom[room].Dequeue();
            if (room < 0)
            {
                rows.Add(ImmutableArray.CreateBuilder<TokenSequence>());
            }
            else if (byRoom[room].Count == 0)
            {
                byRoom.Remove(room);
            }

            rows[row].Add(sequence);
            var left = (room < 0 ? rowLength : room) - sequence.Length;
            byRoom.TryAdd(left, new Queue<int>());
            byRoom[left].Enqueue(row);
        }

        return [.. rows.Select(r => new PackedRow(r.ToImmutable()))];
    }

    /// <summary>
    /// A sequence in pieces of at most a row's length. A later piece sees nothing of those before it, and its first token is not learned;
    /// pieces without a token to learn are left out.
    /// </summary>
    public static IEnumerable<TokenSequence> Pieces(TokenSequence sequence, int rowLength) =>
        from start in Enumerable.Range(0, (sequence.Length + rowLength - 1) / rowLength).Select(piece => piece * rowLength)
        let end = Math.Min(start + rowLength, sequence.Length)
        let answer = Math.Clamp(sequence.AnswerStart - start, 0, end - start)
        where Math.Max(1, answer) < end - start
        select new TokenSequence(sequence.Tokens[start..end], answer);

    private static void RequireFit(IReadOnlyList<TokenSequence> sequences, int rowLength)
    {
        if (sequences.FirstOrDefault(s => s.Length > rowLength) is { } tooLong)
        {
            throw new ArgumentException(
                $"a sequence of {tooLong.Length} tokens does not fit a row of {rowLength}; encode with that maximum length first.",
                nameof(sequences)
            );
        }
    }

    /// <summary>Free room of each row under a tree of maxima: the first row with enough is found in O(log rows).</summary>
    private sealed class FirstFit
    {
        private readonly int[] _free;
        private readonly int _leaves;

        public FirstFit(int rows, int rowLength)
        {
            _leaves = 1;
            while (_leaves < rows)
            {
                _leaves *= 2;
            }

            _free = new int[2 * _leaves];
            Array.Fill(_free, rowLength);
        }

        public int Take(int length)
        {
            var node = 1;
            while (node < _leaves)
            {
                node = _free[2 * node] >= length ? 2 * node : 2 * node + 1;
            }

            var row = node - _leaves;
            _free[node] -= length;
            while ((node /= 2) >= 1)
            {
                _free[node] = Math.Max(_free[2 * node], _free[2 * node + 1]);
            }

            return row;
        }
    }
}
