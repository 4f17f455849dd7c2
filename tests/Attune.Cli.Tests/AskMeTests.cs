using System.Text.Json.Nodes;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>A person who answers comparisons, here through a pipe.</summary>
public sealed class AskMeTests : IDisposable
{
    private const string Recipe = """
        name: asking
        stages:
          - tokenizer: {data: reviews:documents, rows: 200, vocabulary: 320}
          - pretrain: {data: reviews:documents, rows: 40, layers: 1, width: 16, heads: 2, context_length: 64, max_length: 64, batch_size: 8, evaluate_every: 0}
          - preferences: {prompts: reviews:prompts, labels: 20, max_new_tokens: 8}
        """;

    private readonly TemporaryFolder _folder = new();

    public AskMeTests() => _folder.WriteText("recipe.yaml", Recipe);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Answers_come_from_standard_input_and_join_the_simulated_ones()
    {
        var outcome = AttuneProgram.RunWithInput(_folder.Path, "1\nwhat?\n2\ns\n", Arguments("run")).Succeeded();
        Assert.Contains("Comparison 3 of 3", outcome.Errors, StringComparison.Ordinal);
        Assert.Contains("1, 2, s or q", outcome.Errors, StringComparison.Ordinal);
        Assert.Equal(["0 First", "1 Second", "2 Skip"], File.ReadAllLines(_folder.File("run/preferences/answers.txt")));
        Assert.Equal(2, Labels("run").Count(l => (string?)l["annotator"] == "person"));
        Assert.Equal(2, (double)Figures("run")["answered_by_person"]!);
        // 20 labels of the simulated annotators, less ties and pairs of equal answers.
        Assert.InRange(Labels("run").Count(l => (string?)l["annotator"] != "person"), 12, 20);
    }

    [Fact]
    public void Who_is_killed_while_asking_is_not_asked_the_same_again()
    {
        AttuneProgram.RunWithInput(_folder.Path, "1\n2\ns\n", Arguments("whole")).Succeeded();
        using (var program = AttuneProgram.Start(_folder.Path, Arguments("run")))
        {
            program.Input.Write("1\n2\n");
            program.Input.Flush();
            var journal = _folder.File("run/preferences/answers.txt");
            Assert.True(
                program.WaitUntil(() => File.Exists(journal) && File.ReadAllText(journal).EndsWith("1 Second\n", StringComparison.Ordinal)),
                program.Errors
            );
            program.Kill();
        }

        // As if the machine had stopped in the middle of the third answer.
        File.AppendAllText(_folder.File("run/preferences/answers.txt"), "2 Fi");
        var resumed = AttuneProgram.RunWithInput(_folder.Path, "s\n", [.. Arguments("run"), "--resume"]).Succeeded();
        Assert.DoesNotContain("Comparison 1 of 3", resumed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Comparison 2 of 3", resumed.Errors, StringComparison.Ordinal);
        Assert.Contains("Comparison 3 of 3", resumed.Errors, StringComparison.Ordinal);
        RunFingerprint.AssertSame(_folder.File("whole"), _folder.File("run"));
    }

    [Fact]
    public void The_end_of_input_ends_the_questions_for_good()
    {
        var outcome = AttuneProgram.RunWithInput(_folder.Path, "2\n", Arguments("run")).Succeeded();
        Assert.Contains("1 of 3 comparisons were asked", outcome.Errors, StringComparison.Ordinal);
        Assert.Single(Labels("run"), l => (string?)l["annotator"] == "person");

        File.Delete(_folder.File("run/preferences/stage.json"));
        var resumed = AttuneProgram.RunWithInput(_folder.Path, "1\n1\n", [.. Arguments("run"), "--resume"]).Succeeded();
        Assert.DoesNotContain("Comparison", resumed.Errors, StringComparison.Ordinal);
        Assert.Contains("1 of 3 comparisons were asked", resumed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_ends_the_wait_for_an_answer()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a signal cannot be sent to another process there");
        using var program = AttuneProgram.Start(_folder.Path, Arguments("run"));
        Assert.True(program.WaitUntil(() => program.Errors.Contains("Comparison 1 of 3", StringComparison.Ordinal)), program.Errors);
        program.Interrupt();
        Assert.Equal(130, program.WaitForEnd().ExitCode);
    }

    private static string[] Arguments(string target) => ["run", "recipe.yaml", "--out", target, "--set", "preferences.ask_me=3"];

    private JsonNode[] Labels(string run) =>
        [
            .. new[] { "preferences.jsonl", "held-out-preferences.jsonl" }
                .SelectMany(f => File.ReadLines(_folder.File($"{run}/preferences/{f}")))
                .Select(l => JsonNode.Parse(l)!),
        ];

    private JsonNode Figures(string run) => JsonNode.Parse(File.ReadAllText(_folder.File($"{run}/preferences/stage.json")))!["metrics"]!;
}
