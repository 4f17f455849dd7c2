using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using CsCheck;

namespace Attune.Data.Tests.Encoding;

/// <summary>Built-in templates by name, for models that bring none.</summary>
public sealed class NamedTemplateTests
{
    private static readonly SpecialTokens[] Vocabularies =
    [
        new("<s>", "</s>", null) { Others = ["<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"] },
        new(null, "<|im_end|>", "<|pad|>") { Others = ["<|im_start|>"] },
        new(null, "<|endoftext|>", null),
    ];

    private static readonly Gen<Message> Turn = Gen.Select(
        Gen.OneOf(Role.System, Role.User, Role.Assistant, Role.Tool),
        Rows.Text,
        (role, text) => new Message(role, text)
    );

    private static readonly Gen<Message[]> Talk = Gen.OneOf(
        Turn.Array[1, 5],
        Gen.Select(
            Gen.Bool,
            Rows.Text.Array[1, 5],
            (system, texts) =>
                (Message[])
                    [
                        .. system ? [new Message(Role.System, "Be brief.")] : Array.Empty<Message>(),
                        .. texts.Select((t, i) => new Message(i % 2 == 0 ? Role.User : Role.Assistant, t)),
                    ]
        )
    );

    /// <summary>What is saved beside a model writes, token for token, what the template of that name writes.</summary>
    [Theory]
    [InlineData("chatml")]
    [InlineData("llama2")]
    [InlineData("llama3")]
    [InlineData("plain")]
    public void Law_a_named_template_says_what_the_built_in_one_says(string name)
    {
        foreach (var special in Vocabularies)
        {
            using var folder = Saved(special);
            var text = ChatText.Load(folder.Path, name);
            var (named, built) = (new Encoder(text.Tokenizer, text.Template), new Encoder(text.Tokenizer, ChatTemplates.Named(name)));
            var same = 0;
            Talk.Sample(
                talk =>
                {
                    var prompt = new Prompt.Chat([.. talk]);
                    var expected = Said(() => built.Encode(prompt, "so 😀"));
                    Assert.Equal(expected, Said(() => named.Encode(prompt, "so 😀")));
                    same += expected is null ? 0 : 1;
                },
                iter: 200,
                threads: 1
            );
            Assert.InRange(same, 20, 200);
        }
    }

    [Fact]
    public void Saved_it_is_the_models_own_and_may_be_named_again()
    {
        using var folder = Saved(Vocabularies[0]);
        using var tuned = new TemporaryFolder();
        ChatText.Load(folder.Path, "llama3").Save(tuned.Path);
        var prompt = new Prompt.Chat([new Message(Role.User, "the cat?")]);
        ImmutableArray<int> Tokens(ChatText text) => new Encoder(text.Tokenizer, text.Template).Encode(prompt, "sat").Tokens;
        Assert.Equal(Tokens(ChatText.Load(folder.Path, "llama3")), Tokens(ChatText.Load(tuned.Path)));
        Assert.Equal(Tokens(ChatText.Load(tuned.Path)), Tokens(ChatText.Load(tuned.Path, "llama3")));
        Assert.NotEqual(Tokens(ChatText.Load(folder.Path)), Tokens(ChatText.Load(tuned.Path)));
        Assert.Contains(
            $"asked for, but the model has its own, in {tuned.File("chat_template.jinja")}",
            Assert.Throws<ConfigurationException>(() => ChatText.Load(tuned.Path, "chatml")).Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>A base model of today: the markers are in its vocabulary, a template is not.</summary>
    [Fact]
    public void A_model_without_a_template_is_lent_chatml_for_conversations_alone()
    {
        using var folder = Saved(new("<s>", "</s>", null) { Others = ["<|im_start|>", "<|im_end|>"] });
        using var silent = new TemporaryFolder();
        using var tuned = new TemporaryFolder();
        var told = 0;
        var encoder = new Encoder(ChatText.Load(folder.Path), _ => told++);
        int Id(string token) => encoder.Tokenizer.FindSpecial(token)!.Value;
        var text = new Prompt.Text("the cat");
        Assert.Equal(Id("</s>"), encoder.Encode(text, " sat").Tokens[^1]);
        encoder.Save(silent.Path);
        Assert.Equal(0, told);
        Assert.Null(ChatText.FindTemplate(silent.Path));

        var talk = new Prompt.Chat([new Message(Role.User, "the cat?")]);
        var said = encoder.Encode(talk, "sat").Tokens;
        encoder.Encode(talk, "ran");
        Assert.Equal(1, told);
        Assert.Equal(Id("<|im_end|>"), said[^1]);
        Assert.Equal(Id("<|im_end|>"), encoder.Tokenizer.EndToken);
        Assert.Equal(Id("</s>"), encoder.Encode(text, " sat").Tokens[^1]);
        encoder.Save(tuned.Path);
        var loaded = ChatText.Load(tuned.Path);
        Assert.Equal(said, new Encoder(loaded).Encode(talk, "sat").Tokens);
        Assert.Equal(encoder.Tokenizer.EndToken, loaded.Tokenizer.EndToken);
    }

    [Fact]
    public void An_unknown_name_lists_the_names()
    {
        using var folder = Saved(Vocabularies[0]);
        Assert.Equal(
            "no chat template is called 'lama3'. Did you mean 'llama3'? There are chatml, llama2, llama3, plain.",
            Assert.Throws<ConfigurationException>(() => ChatText.Load(folder.Path, "lama3")).Message
        );
    }

    private static TokenSequenceText? Said(Func<Core.Tokens.TokenSequence> encode)
    {
        try
        {
            var tokens = encode();
            return new TokenSequenceText(string.Join(' ', tokens.Tokens), tokens.AnswerStart);
        }
        catch (DataException)
        {
            return null;
        }
    }

    private static TemporaryFolder Saved(SpecialTokens special)
    {
        var folder = new TemporaryFolder();
        BytePairTrainer.Train(["the cat sat on the mat, assistant user system"], 300, special).Save(folder.Path);
        return folder;
    }

    private sealed record TokenSequenceText(string Tokens, int AnswerStart);
}
