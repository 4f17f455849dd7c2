using System.Text.Json.Nodes;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Files;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Conversations through the command line, with input from a pipe.</summary>
public sealed class ChatTests(TinyModel model) : IClassFixture<TinyModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_line_of_a_pipe_is_answered_without_control_codes()
    {
        var outcome = Chat("Hello\n\nAgain\n", "--max-tokens", "5").Succeeded();
        Assert.DoesNotContain('\e', outcome.Output + outcome.Errors);
        Assert.Equal(2, Count(outcome.Errors, "tokens/s"));
        Assert.Equal(outcome.Output, Chat("Hello\n\nAgain\n", "--max-tokens", "5").Output);
        Assert.NotEqual(outcome.Output, Chat("Hello\n\nAgain\n", "--max-tokens", "5", "--seed", "2").Output);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("q4")]
    public void The_first_answer_is_the_one_that_generate_gives(string type)
    {
        string[] sampling = ["--greedy", "--max-tokens", "12", "--template", "plain", "--type", type];
        var generated = AttuneProgram
            .Run(_folder.Path, ["generate", "--chat", "--model", model.Policy, "--prompt", "Hello", "--system", "Be brief.", .. sampling])
            .Succeeded();
        var answered = Chat("Hello\n", ["--system", "Be brief.", .. sampling]).Succeeded();
        Assert.Equal(generated.Output.Trim(), answered.Output.Trim());
    }

    [Fact]
    public void A_conversation_is_saved_and_forgotten()
    {
        Chat(
                "One\nTwo\n/save first.jsonl\n/reset\n/system Be kind.\n//three\n/save second.jsonl\n/exit\nnever read\n",
                "--max-tokens",
                "4",
                "--template",
                "plain",
                "--system",
                "Be brief."
            )
            .Succeeded();
        Assert.Equal(["system: Be brief.", "user: One", "assistant", "user: Two", "assistant"], Saved("first.jsonl"));
        Assert.Equal(["system: Be kind.", "user: /three", "assistant"], Saved("second.jsonl"));
    }

    [Fact]
    public void The_oldest_turns_are_left_out_with_one_note_when_the_context_is_full()
    {
        var lines = string.Concat(Enumerable.Range(0, 8).Select(i => $"Tell me {i}\n"));
        var outcome = Chat(lines + "/save chat.jsonl\n", "--max-tokens", "10", "--template", "plain").Succeeded();
        Assert.Equal(1, Count(outcome.Errors, $"outgrew the {TinyModel.Context} tokens"));
        var saved = Saved("chat.jsonl");
        Assert.InRange(saved.Length, 2, 8);
        Assert.Equal("user: Tell me 7", saved[^2]);
    }

    [Theory]
    [InlineData("/rest\n", "there is no /rest here", "Did you mean '/reset'?")]
    [InlineData("/save\n", "/save needs a file")]
    [InlineData("/save x.jsonl\n", "nothing was said yet")]
    public void What_is_no_command_is_refused(string input, params string[] words) => Chat(input).Refused(words);

    [Fact]
    public void A_message_that_the_model_cannot_read_is_refused() =>
        Chat(string.Concat(Enumerable.Repeat("a word ", 100)) + "\n").Refused("the message has", $"read and write {TinyModel.Context}");

    [Fact]
    public void A_sampling_option_that_cannot_work_is_refused() => Chat("Hello\n", "--top-p", "2").Refused("top-p is 2");

    [Fact]
    public void Control_C_stops_the_answer_and_then_the_program()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends the signal with kill.");
        const int Long = 50_000;
        var folder = _folder.File("long");
        TinyModel.Tokenizer(300).Save(folder);
        using (var endless = new LanguageModel(TransformerConfig.Gpt2(300, width: 16, layers: 1, heads: 2, Long), new Seed(1)))
        {
            ModelFiles.Save(endless, folder);
        }

        string[] options = ["--greedy", "--max-tokens", $"{Long - 1000}", "--context", $"{Long}"];
        using var program = AttuneProgram.Start(_folder.Path, ["chat", "--model", folder, "--template", "plain", .. options]);
        Say("/system");
        Assert.True(program.WaitUntil(() => program.Errors.Contains("system message", StringComparison.Ordinal)));
        Say("Hello");
        Thread.Sleep(TimeSpan.FromSeconds(2));
        program.Interrupt();
        Assert.True(program.WaitUntil(() => program.Errors.Contains("stopped", StringComparison.Ordinal)), program.Errors);
        Say("/system");
        Assert.True(program.WaitUntil(() => Count(program.Errors, "system message") == 2));
        program.Interrupt();
        Assert.Equal(130, program.WaitForEnd().ExitCode);

        void Say(string line)
        {
            program.Input.Write(line + "\n");
            program.Input.Flush();
        }
    }

    private Outcome Chat(string input, params string[] options) =>
        AttuneProgram.RunWithInput(_folder.Path, input, ["chat", "--model", model.Policy, .. options]);

    /// <summary>Who said what; of answers only who.</summary>
    private string[] Saved(string file) =>
        [
            .. JsonNode.Parse(File.ReadAllText(_folder.File(file)))!["messages"]!
                .AsArray()
                .Select(m => (string)m!["role"]! is var role && role == "assistant" ? role : $"{role}: {m["content"]}"),
        ];

    private static int Count(string text, string word) => text.Split(word).Length - 1;
}
