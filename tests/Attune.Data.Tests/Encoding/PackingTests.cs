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
    public void Best_fit_takes_the_least_room_that_suffices_and_of_several_the_earliest()
    {
        // Rows of 10: 7 opens the first (3 left), 6 the second (4 left), 4 goes there (0 left), 3 into the first, 2 opens the third.
        TokenSequence[] sequences = [.. new[] { 2, 3, 7, 4, 6 }.Select(n => new TokenSequence([.. Enumerable.Range(0, n)], 0))];
        var rows = Packing.BestFitDecreasing(sequences, 10);
        Assert.Equal(["7 3", "6 4", "2"], rows.Select(r => string.Join(' ', r.Segments.Select(s => s.Length))));
        // Two rows with room 4: the one that came to it first, by 6 of the first and not by 5 and 1 of the second.
        var even = Packing.BestFitDecreasing([.. new[] { 6, 5, 4, 1 }.Select(n => new TokenSequence([.. Enumerable.Range(0, n)], 0))], 10);
        Assert.Equal(["6 4", "5 1"], even.Select(r => string.Join(' ', r.Segments.Select(s => s.Length))));
    }

    [Fact]
    public void Law_best_fit_too_puts_every_sequence_into_exactly_one_row() =>
        Sequences.Sample(sequences =>
        {
            var rows = Packing.BestFitDecreasing(sequences, 32);
            return rows.All(r => r.Length is > 0 and <= 32)
                && rows.SelectMany(r => r.Segments).Select(s => s.Tokens[0]).Order().SequenceEqual(Enumerable.Range(0, sequences.Count));
        });

    [Fact]
    public void A_long_sequence_falls_into_pieces_that_keep_what_is_to_be_learned()
    {
        var pieces = Packing.Pieces(new TokenSequence([.. Enumerable.Range(0, 10)], 5), 4).ToArray();
        // 0 to 3 is prompt alone; 4 to 7 is learned from 5 on; 8 and 9 from 9 on, since nothing precedes 8.
        Assert.Equal(["4 5 6 7", "8 9"], pieces.Select(p => string.Join(' ', p.Tokens)));
        Assert.Equal([1, 0], pieces.Select(p => p.AnswerStart));
    }

    [Fact]
    public void A_sequence_longer_than_a_row_is_refused() =>
        Assert.Contains(
            "does not fit",
            Assert.Throws<ArgumentException>(() => Packing.FirstFitDecreasing([new TokenSequence([1, 2, 3], 0)], 2)).Message,
            StringComparison.Ordinal
        );
}
