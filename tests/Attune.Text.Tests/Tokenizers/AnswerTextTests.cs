using System.Collections.Immutable;
using System.Text;
using Attune.Text.Tokenizers;
using CsCheck;

namespace Attune.Text.Tests.Tokenizers;

public sealed class AnswerTextTests
{
    /// <summary>A token a byte: every character beyond ASCII is split.</summary>
    private sealed class ByteTokenizer : ITokenizer
    {
        public int VocabularySize => 258;
        public int? BeginToken => null;
        public int EndToken => 256;
        public int PadToken => 257;

        public ImmutableArray<int> Encode(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];

        public EncodedText EncodeWithOffsets(string text) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> tokens) =>
            Encoding.UTF8.GetString(tokens.ToArray().Where(t => t < 256).Select(t => (byte)t).ToArray());

        public void Save(string directory) => throw new NotSupportedException();
    }

    private static readonly ByteTokenizer Bytes = new();

    private static readonly Gen<string> Texts = Gen.OneOf(
            Gen.Const("a"),
            Gen.Const("b"),
            Gen.Const("é"),
            Gen.Const("€"),
            Gen.Const("🙂"),
            Gen.Const("\n"),
            Gen.Const("e\u0301")
        )
        .Array[0, 30]
        .Select(string.Concat);

    [Fact]
    public void Pieces_add_up_to_the_text_before_the_first_stop_sequence() =>
        Gen.Select(
                Texts,
                Gen.OneOf(Gen.Const("ab"), Gen.Const("🙂b"), Gen.Const("aab"), Gen.Const("€\n"), Gen.Const("x")).Array[0, 3],
                Gen.OneOf(Gen.Const(""), Gen.Const("a"), Gen.Const("é\n"))
            )
            .Sample(
                (text, stops, prefix) =>
                {
                    var expected = prefix.Length > 0 && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
                    var cut = stops.Select(s => expected.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
                    // A stop sequence that begins before the answer's prefix is over ends it there; such texts are not of interest.
                    if (stops.Any(s => text.IndexOf(s, StringComparison.Ordinal) is >= 0 and var at && at < prefix.Length))
                    {
                        return;
                    }
                    var answer = new AnswerText(Bytes, prefix, false, [.. stops]);
                    var pieces = new StringBuilder();
                    foreach (var token in Bytes.Encode(text))
                    {
                        answer.Add(token);
                        pieces.Append(answer.Take());
                        Assert.DoesNotContain('\uFFFD', pieces.ToString());
                        Assert.StartsWith(pieces.ToString(), expected, StringComparison.Ordinal);
                    }

                    pieces.Append(answer.Finish());
                    Assert.Equal(cut < 0 ? expected : expected[..cut], pieces.ToString());
                    Assert.Equal(cut >= 0, answer.IsStopped);
                }
            );

    [Fact]
    public void Any_bytes_give_the_text_that_the_tokenizer_gives_them_together() =>
        Gen
            .Byte.Array[0, 40]
            .Sample(bytes =>
            {
                var answer = new AnswerText(Bytes, "", true, []);
                var pieces = new StringBuilder();
                foreach (var value in bytes)
                {
                    answer.Add(value);
                    pieces.Append(answer.Take());
                }

                pieces.Append(answer.Finish());
                Assert.Equal(Bytes.Decode([.. bytes.Select(b => (int)b)]), pieces.ToString());
            });

    [Fact]
    public void Text_is_handed_out_as_soon_as_it_is_certain()
    {
        var answer = new AnswerText(Bytes, "", false, ["END"]);
        Assert.Equal(
            ["h", "i", "", "", "ENT", "", "", ""],
            "hiENTEND".Select(c =>
            {
                answer.Add(c);
                return answer.Take();
            })
        );
        Assert.True(answer.IsStopped);
        Assert.Equal("", answer.Finish());
    }
}
