using Attune.Core.Tokens;
using Attune.Data.Encoding;
using CsCheck;

namespace Attune.Data.Tests.Encoding;

public sealed class PackingTests
{
    private static readonly Gen<List<TokenSequence>> Sequences = Gen.Int[1, 32]
        .Array[0, 80]
        .Select(lengths => lengths.Select((length, i) => new TokenSequence([.. Enumerable.Repeat(i, length)], 0)).ToList());

    [Fact]
    public void Law_every_sequence_is_in_exactly_one_row_and_no_row_is_too_long() =>
        Sequences.Sample(sequences =>
        {
            var rows = Packing.FirstFitDecreasing(sequences, 32);
            return rows.All(r => r.Length is > 0 and <= 32)
                && rows.SelectMany(r => r.Segments).Select(s => s.Tokens[0]).Order().SequenceEqual(Enumerable.Range(0, sequences.Count));
        });

    [Fact]
    public void Law_packing_agrees_with_looking_at_every_row_in_turn() =>
        Sequences.Sample(sequences =>
        {
            var rows = new List<List<TokenSequence>>();
            foreach (var sequence in sequences.OrderByDescending(s => s.Length))
            {
                var row = rows.Find(r => r.Sum(s => s.Length) + sequence.Length <= 32);
                if (row is null)
                {
                    rows.Add(row = []);
                }
                row.Add(sequence);
            }

            return Packing
                .FirstFitDecreasing(sequences, 32)
                .Select(r => r.Segments.ToList())
                .SequenceEqual(rows, EqualityComparer<List<TokenSequence>>.Create((a, b) => a!.SequenceEqual(b!)));
        });

    [Fact]
    public void A_sequence_longer_than_a_row_is_refused() =>
        Assert.Contains(
            "does not fit",
            Assert.Throws<ArgumentException>(() => Packing.FirstFitDecreasing([new TokenSequence([1, 2, 3], 0)], 2)).Message,
            StringComparison.Ordinal
        );
}
