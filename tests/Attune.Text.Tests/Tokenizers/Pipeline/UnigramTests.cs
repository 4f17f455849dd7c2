using System.Text.Json.Nodes;
using Attune.Text.Tokenizers.Pipeline;
using CsCheck;

namespace Attune.Text.Tests.Tokenizers.Pipeline;

public sealed class UnigramTests
{
    private static readonly (string Piece, double Score)[] Pieces =
    [
        ("<unk>", 0),
        ("a", -2),
        ("b", -2.5),
        ("ab", -3.5),
        ("aba", -7),
        ("ba", -3),
        ("bab", -4.25),
    ];

    [Theory]
    [InlineData("ab", new[] { 3 })] // -3.5 against -4.5
    [InlineData("aba", new[] { 1, 5 })] // a+ba -5, ab+a -5.5, aba -7
    [InlineData("abab", new[] { 1, 6 })] // a+bab -6.25, ab+ab -7, a+ba+b -7.5
    [InlineData("axxb", new[] { 1, 0, 2 })] // neighbouring unknown characters are one token
    [InlineData("😀", new[] { 0 })]
    public void The_best_way_to_cut_worked_out_by_hand(string text, int[] ids) => Assert.Equal(ids, Encode(text));

    [Fact]
    public void Viterbi_finds_what_trying_all_ways_finds() =>
        Gen.Char['a', 'b']
            .Array[1, 9]
            .Select(c => new string(c))
            .Sample(
                text =>
                {
                    double Best(int start) =>
                        start == text.Length
                            ? 0
                            : Pieces
                                .Skip(1)
                                .Where(p =>
                                    string.CompareOrdinal(text, start, p.Piece, 0, p.Piece.Length) == 0
                                    && start + p.Piece.Length <= text.Length
                                )
                                .Max(p => p.Score + Best(start + p.Piece.Length));
                    var ids = Encode(text);
                    return Math.Abs(ids.Sum(i => Pieces[i].Score) - Best(0)) < 1e-12
                        && string.Concat(ids.Select(i => Pieces[i].Piece)) == text;
                },
                iter: 300
            );

    private static List<int> Encode(string text)
    {
        var sink = new TokenSink(traced: false);
        UnigramModel
            .Read(
                new JsonObject
                {
                    ["type"] = "Unigram",
                    ["unk_id"] = 0,
                    ["vocab"] = new JsonArray([.. Pieces.Select(p => (JsonNode)new JsonArray(p.Piece, p.Score))]),
                },
                new PartReader("test")
            )
            .Encode(text, sink);
        return [.. sink.Ids];
    }
}
