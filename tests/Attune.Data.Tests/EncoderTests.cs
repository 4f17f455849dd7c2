using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Data.Tests;

public sealed class EncoderTests
{
    private static readonly BytePairTokenizer Tokenizer = BytePairTrainer.Train(["the cat sat on the mat"], 270, new SpecialTokens("<s>", "</s>", "<pad>"));
    private static readonly Encoder Encoder = new(Tokenizer, ChatTemplates.Plain);

    [Fact]
    public void A_sequence_begins_once_and_ends_once_and_its_answer_decodes_to_the_answer()
    {
        var prompt = new Prompt.Chat([new Message(Role.User, "the <s> cat")]);
        var tokens = Encoder.Encode(prompt, "sat </s>");
        Assert.Equal(Tokenizer.BeginToken, tokens.Tokens[0]);
        Assert.Equal(Tokenizer.EndToken, tokens.Tokens[^1]);
        Assert.Single(tokens.Tokens, t => t == Tokenizer.BeginToken);
        Assert.Single(tokens.Tokens, t => t == Tokenizer.EndToken);
        Assert.Equal("sat </s>", Encoder.DecodeAnswer(prompt, tokens.Answer));
        Assert.Equal(Encoder.EncodePrompt(prompt), tokens.Prompt.ToArray());
    }

    [Fact]
    public void Rows_that_are_too_long_are_counted_not_cut()
    {
        Demonstration[] rows = [new(new Prompt.Text("cat"), "sat"), new(new Prompt.Text(new string('x', 50)), "sat")];
        var encoded = Encoder.EncodeAll(rows, 20);
        Assert.Equal([0], encoded.Sources);
        Assert.Equal(new DroppedRows("longer than 20 tokens", 1), Assert.Single(encoded.Dropped));
    }

    [Fact]
    public void Packing_keeps_every_sequence_and_no_row_is_too_long()
    {
        var chance = new Seed(3).Chance();
        var sequences = Enumerable.Range(0, 200).Select(_ => new TokenSequence([.. new int[1 + chance.NextInt(30)]], 0)).ToList();
        var rows = Packing.FirstFitDecreasing(sequences, 32);
        Assert.Equal(sequences.Sum(s => s.Length), rows.Sum(r => r.Length));
        Assert.All(rows, r => Assert.InRange(r.Length, 1, 32));
        Assert.True(rows.Length <= 11 * Math.Ceiling(sequences.Sum(s => s.Length) / 32.0) / 9 + 1);
    }

    [Fact]
    public void A_prompt_stays_on_one_side_when_rows_are_added()
    {
        var rows = Enumerable.Range(0, 400).Select(i => new Demonstration(new Prompt.Text($"prompt {i % 100}"), $"{i}")).ToList();
        var split = Split.ByPrompt(rows, 0.2, new Seed(1));
        Assert.Empty(split.Training.Select(r => r.Prompt.Key).Intersect(split.HeldOut.Select(r => r.Prompt.Key)));
        Assert.InRange(split.HeldOut.Length, 40, 120);
        Assert.Equal(split.HeldOut.Take(3), Split.ByPrompt(rows.Take(50).ToList(), 0.2, new Seed(1)).HeldOut.Take(3));
    }
}
