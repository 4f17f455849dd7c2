using System.Text;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>Data files, texts and sampling options that cannot work.</summary>
public sealed class BadDataTests(TinyModel models) : IClassFixture<TinyModel>, IDisposable
{
    private const string Good = """{"prompt": "The film", "completion": " was slow."}""";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string[]> Files =>
        new()
        {
            { "sft", "", ["data.jsonl", "empty"] },
            { "sft", "\n\n", ["data.jsonl", "empty"] },
            { "sft", $"{Good}\n{Good}\n{{\"prompt\": \"The fi\n", ["data.jsonl, line 3"] },
            { "sft", $"{Good}\n{{\"prompt\": \"The film\"}}\n", ["data.jsonl, line 2", "completion"] },
            { "sft", $"{Good}\n{{\"prompt\": \"The film\", \"completion\": 7}}\n", ["data.jsonl, line 2", "completion"] },
            {
                "sft",
                """{"prompt": "The film", "chosen": " was fine.", "rejected": " was slow."}""",
                ["data.jsonl", "found", "chosen", "expected"]
            },
            { "sft", """{"colour": "red"}""", ["data.jsonl"] },
            { "reward", """{"prompt": "The film"}""", ["data.jsonl", "found", "expected", "chosen"] },
            { "reward", Good, ["data.jsonl", "found", "expected", "chosen"] },
        };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_bad_data_file_is_named_with_line_and_field(string command, string content, string[] words)
    {
        _folder.WriteText("data.jsonl", content);
        AttuneProgram.Run(_folder.Path, command, "--model", models.Policy, "--data", "data.jsonl", "--out", "run").Refused(words);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    [Fact]
    public void A_data_file_that_is_not_there() => Sft().Refused("sft.data: data.jsonl does not exist");

    [Fact]
    public void A_folder_in_place_of_a_data_file()
    {
        Directory.CreateDirectory(_folder.File("data.jsonl"));
        Sft().Refused("sft.data: data.jsonl holds no data files; expected files that end in .jsonl");
    }

    [Fact]
    public void Rows_longer_than_the_context_are_counted_and_what_is_left_must_be_something()
    {
        _folder.WriteText(
            "data.jsonl",
            $$"""{"prompt": "The film", "completion": "{{string.Concat(Enumerable.Repeat(" Quixotic zebras", 40))}}"}"""
        );
        Sft("--test-split", "0").Refused("1 left out", $"longer than {TinyModel.Context} tokens", "no row is left to learn from");
    }

    [Theory]
    [InlineData("", "lines.txt is empty")]
    [InlineData("\n\n", "lines.txt is empty")]
    public void A_text_in_which_nothing_can_be_predicted(string text, string word)
    {
        _folder.WriteText("lines.txt", text);
        Evaluate().Refused(word);
    }

    [Fact]
    public void Empty_lines_are_left_out_and_the_others_keep_their_numbers()
    {
        _folder.WriteText("lines.txt", "The film was slow.\n\nA fine film.\n");
        var outcome = Evaluate().Succeeded();
        Assert.Contains("1 left out: an empty line", outcome.Errors, StringComparison.Ordinal);
        Assert.Equal(["1", "3", "total"], outcome.Output.Trim().Split('\n').Select(l => l.Trim().Split(' ')[0]));
    }

    [Fact]
    public void A_line_longer_than_the_context()
    {
        _folder.WriteText("lines.txt", "The film.\n" + string.Concat(Enumerable.Repeat("zebra ", 40)) + "\n");
        Evaluate().Refused("lines.txt, line 2: ", $"but the model reads {TinyModel.Context}");
    }

    [Fact]
    public void A_text_in_another_encoding()
    {
        File.WriteAllBytes(_folder.File("lines.txt"), Encoding.Latin1.GetBytes("caf\u00e9\n"));
        Evaluate().Refused("lines.txt is not UTF-8");
    }

    [Fact]
    public void A_text_that_is_not_there() => Evaluate().Refused("lines.txt cannot be read");

    [Theory]
    [InlineData("--top-p", "2", "top-p is 2")]
    [InlineData("--temperature", "-1", "temperature is -1")]
    [InlineData("--max-tokens", "0", "the longest answer is 0 tokens")]
    [InlineData("--min-p", "1", "min-p is 1")]
    [InlineData("--stop", "", "a stop sequence is empty")]
    [InlineData("--max-tokens", "1000", "the model's context is 64")]
    public void A_sampling_option_that_cannot_work(string option, string value, string words) =>
        AttuneProgram.Run(_folder.Path, "generate", "--model", models.Policy, "--prompt", "The film", option, value).Refused(words);

    [Theory]
    [InlineData("--learning-rate", "7", "--learning-rate")]
    [InlineData("--batch-size", "0", "--batch-size")]
    [InlineData("--schedule", "cosin", "expected one of constant, linear, cosine")]
    [InlineData("--frozen-layers", "3", "sft.frozen_layers is 3, but the model has 1 layers")]
    public void A_training_option_out_of_range(string option, string value, string words)
    {
        _folder.WriteText("data.jsonl", Good);
        Sft("--test-split", "0", option, value).Refused(words);
        Assert.False(Directory.Exists(_folder.File("run")));
    }

    private Outcome Sft(params string[] options) =>
        AttuneProgram.Run(_folder.Path, ["sft", "--model", models.Policy, "--data", "data.jsonl", "--out", "run", .. options]);

    private Outcome Evaluate() => AttuneProgram.Run(_folder.Path, "evaluate", "--model", models.Policy, "--text", "lines.txt");
}
