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
        var tooLong = sequences.FirstOrDefault(s => s.Length > rowLength);
        if (tooLong is not null)
        {
            throw new ArgumentException(
                $"a sequence of {tooLong.Length} tokens does not fit a row of {rowLength}; encode with that maximum length first.",
                nameof(sequences)
            );
        }
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
