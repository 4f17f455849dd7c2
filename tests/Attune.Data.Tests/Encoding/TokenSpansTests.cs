using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Data.Tests.Encoding;

/// <summary>From parts of texts to tokens, worked out by hand for each kind of tokenizer.</summary>
public sealed class TokenSpansTests
{
    [Theory]
    [InlineData(0, 2, 0)] // one whole token
    [InlineData(0, 4, 1)] // the last of two
    [InlineData(1, 3, 0)] // the second begins in it, but ends after it
    [InlineData(2, 3, 1)] // no token ends in it
    [InlineData(4, 5, 1)] // no token was made of it: the one before
    [InlineData(4, 9, 2)]
    [InlineData(0, 99, 2)]
    public void A_part_stands_at_the_last_token_that_ends_in_it(int start, int end, int expected) =>
        Assert.Equal(expected, TokenSpans.EndOf([(0, 2), (2, 4), (5, 9)], new TextSpan(start, end)));

    [Fact]
    public void A_part_before_every_token_has_none() => Assert.Null(TokenSpans.EndOf([(1, 2)], new TextSpan(0, 1)));

    [Fact]
    public void A_character_of_several_tokens_ends_with_the_last_of_them()
    {
        // "a", the four bytes of the emoji, "b"
        var encoded = Bytes().EncodeWithOffsets("a\U0001F642b");
        Assert.Equal(4, TokenSpans.EndOf(encoded.Offsets, new TextSpan(0, 2)));
        Assert.Equal(4, TokenSpans.EndOf(encoded.Offsets, new TextSpan(1, 2)));
        Assert.Equal(5, TokenSpans.EndOf(encoded.Offsets, new TextSpan(2, 3)));
    }

    [Fact]
    public void Bytes_of_a_character_without_a_piece_end_with_the_last_of_them()
    {
        // "ab" with the space before, the space, three bytes of the euro sign, "ab"
        var encoded = SentencePiece().EncodeWithOffsets("ab \u20ACab");
        Assert.Equal([0, 4, 5], Ends(encoded, new(0, 2), new(3, 4), new(4, 6)));
    }

    [Fact]
    public void Parts_that_are_cut_off_are_counted()
    {
        var encoded = Bytes().EncodeWithOffsets("abcdef");
        var (ends, cut) = TokenSpans.EndsOf(encoded, [new(0, 2), new(2, 4), new(4, 6)], 2..4);
        Assert.Equal([null, 3, null], ends);
        Assert.Equal(2, cut);
    }

    [Fact]
    public void Steps_that_are_joined_are_split_again()
    {
        string[] steps = ["One \U0001F642", "two", "three"];
        var (text, spans) = StepText.Join(steps, "\n\n");
        Assert.Equal("One \U0001F642\n\ntwo\n\nthree", text);
        Assert.Equal([new(0, 7), new(7, 12), new(12, 17)], spans);
        Assert.Equal(spans, StepText.Split(text, "\n\n"));
    }

    [Fact]
    public void White_space_between_separators_is_no_step()
    {
        Assert.Equal([new(0, 4), new(4, 6)], StepText.Split("a\n \nb\n", "\n"));
        Assert.Equal([new(0, 3)], StepText.Split("\n\na", "\n"));
        Assert.Empty(StepText.Split(" \n ", "\n"));
        Assert.Empty(StepText.Split("", "\n"));
    }

    [Fact]
    public void Sampled_tokens_lie_where_their_text_does()
    {
        var encoder = new Encoder(Bytes(), ChatTemplates.ChatMl);
        var prompt = new Prompt.Text("?");
        var answer = encoder.Encode(prompt, "a\U0001F642b").Answer;
        var offsets = AnswerOffsets.OfSampled(encoder, prompt, [.. answer]).Offsets;
        Assert.Equal([(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3), (3, 3)], offsets);
    }

    [Fact]
    public void Sampled_tokens_need_not_be_those_of_their_text()
    {
        // "ab" as two pieces, though one has both.
        var encoder = new Encoder(SentencePiece(), ChatTemplates.ChatMl);
        var tokenizer = encoder.Tokenizer;
        ImmutableArray<int> sampled = [.. tokenizer.EncodeContinuation("a"), .. tokenizer.EncodeContinuation("b"), tokenizer.EndToken];
        Assert.NotEqual(tokenizer.EncodeContinuation("ab"), sampled[..^1]);
        Assert.Equal([(0, 1), (1, 2), (2, 2)], AnswerOffsets.OfSampled(encoder, new Prompt.Text("a"), sampled).Offsets);
    }

    [Fact]
    public void A_character_that_stays_unfinished_has_all_its_bytes()
    {
        var encoder = new Encoder(Bytes(), ChatTemplates.ChatMl);
        var bytes = encoder.Tokenizer.Encode("x\U0001F642");
        Assert.Equal([(0, 1), (1, 2), (1, 2)], AnswerOffsets.OfSampled(encoder, new Prompt.Text("?"), bytes[..3]).Offsets);
    }

    [Fact]
    public void What_stands_before_every_answer_is_not_part_of_it()
    {
        var encoder = new Encoder(Bytes(), ChatTemplates.Llama2);
        var prompt = new Prompt.Chat([new Message(Role.User, "hi")]);
        var encoded = AnswerOffsets.Encode(encoder, prompt, "ab", ends: true);
        var prefix = encoder.Template.AnswerPrefix.Length;
        Assert.Equal([.. Enumerable.Repeat((0, 0), prefix), (0, 1), (1, 2), (2, 2)], encoded.Offsets);
        Assert.Equal(encoded.Offsets, AnswerOffsets.OfSampled(encoder, prompt, encoded.Ids).Offsets);
    }

    private static int?[] Ends(EncodedText encoded, params TextSpan[] spans) =>
        [.. spans.Select(s => TokenSpans.EndOf(encoded.Offsets, s))];

    /// <summary>A token a byte.</summary>
    private static BytePairTokenizer Bytes() => BytePairTrainer.Train(["xyz"], 257, new SpecialTokens(null, "</s>", null));

    private static SentencePieceTokenizer SentencePiece()
    {
        (string, float, int)[] pieces =
        [
            ("<unk>", 0, 2),
            ("<s>", 0, 3),
            ("</s>", 0, 3),
            .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, 6)),
            ("\u2581", -1, 1),
            ("a", -2, 1),
            ("b", -3, 1),
            ("ab", -4, 1),
            ("\u2581ab", -5, 1),
        ];
        return TokenizerFiles.FromPieces([.. pieces.ToImmutableArray()], 1, 2, "here");
    }
}
