using Attune.Core;
using Attune.Core.Runs;
using Attune.Recipes.Binding;
using Attune.Recipes.Tests.Stages;
using Attune.Testing;

namespace Attune.Recipes.Tests.Sources;

/// <summary>What stages learn from: texts, tables, folders, mixes, and not what is evaluated.</summary>
public sealed class FileRowsTests(SmallChatModel model) : IClassFixture<SmallChatModel>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Sft_goes_on_with_a_folder_of_texts_and_learns_every_token()
    {
        Directory.CreateDirectory(_folder.File("texts"));
        _folder.WriteText("texts/a.txt", string.Concat(Enumerable.Repeat("a good film. ", 60)));
        _folder.WriteText("texts/b.txt", "a bad film.");
        var result = await SftAsync("texts", "test_split: 0");
        Assert.Contains(
            result.Notes,
            n => n.EndsWith("2 texts, each learned whole with an end token; those beyond 64 tokens in pieces", StringComparison.Ordinal)
        );
        Assert.True(result.Metrics["examples"] > 2);

        // The model's card says how it came to be.
        var card = File.ReadAllText(_folder.File("run/final/README.md"));
        Assert.StartsWith(
            "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- attune\n- sft\n---\n\n",
            card,
            StringComparison.Ordinal
        );
        Assert.Contains("A language model, made from tiny.Q4_1 by Attune", card, StringComparison.Ordinal);
        Assert.Contains($"1. Supervised fine-tuning (`sft`): {result.Metrics["examples"]} examples\n", card, StringComparison.Ordinal);
        Assert.Contains($"| `num_tokens` | {result.Metrics["num_tokens"]} |", card, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_of_text_are_learned()
    {
        _folder.WriteText(
            "data.jsonl",
            string.Concat(Enumerable.Range(0, 60).Select(i => $$"""{"text": "a good film number {{i}}"}""" + "\n"))
        );
        var result = await SftAsync("data.jsonl", "test_split: 0.2, epochs: 4, learning_rate: 0.003");
        Assert.True(result.Metrics["eval_loss"] < 0.6 * result.Metrics["eval_loss_before"], $"{result.Metrics["eval_loss"]}");
    }

    [Fact]
    public async Task A_table_with_columns_of_other_names_is_read_by_a_map()
    {
        _folder.WriteText("data.csv", "question,reply\nHow was it?,A good film.\nAnd that?,A bad film.\n");
        var result = await SftAsync("data.csv", "test_split: 0, columns: \"prompt=question,completion=reply\"");
        Assert.Equal(2, result.Metrics["rows"]);
    }

    [Fact]
    public async Task Files_are_mixed_in_the_given_parts()
    {
        _folder.WriteText("a.jsonl", Rows("a", 4));
        _folder.WriteText("b.jsonl", Rows("b", 6));
        _folder.WriteText("c.jsonl", Rows("c", 2));
        var result = await SftAsync("a.jsonl + b.jsonl*0.5 + c.jsonl*2.5", "test_split: 0");
        Assert.Contains($"{_folder.File("b.jsonl")}: 3 rows of the mix, from 6", result.Notes);
        Assert.Contains($"{_folder.File("c.jsonl")}: 5 rows of the mix, from 2", result.Notes);
        Assert.Equal(4 + 3 + 5, result.Metrics["rows"]);
    }

    [Fact]
    public async Task Rows_that_share_words_with_the_evaluation_set_are_left_out_and_counted()
    {
        const string Asked = "one two three four five six seven eight nine ten eleven twelve thirteen";
        _folder.WriteText("eval.jsonl", $$"""{"prompt": "{{Asked}} fourteen", "completion": "x"}""" + "\n");
        _folder.WriteText("data.jsonl", Rows("a", 3) + $$"""{"prompt": "So: {{Asked.ToUpperInvariant()}}!", "completion": "x"}""" + "\n");
        var result = await SftAsync("data.jsonl", $"test_split: 0, decontaminate: {_folder.File("eval.jsonl")}");
        Assert.Contains(result.Notes, n => n.EndsWith("1 left out: shares a run of 13 words with eval.jsonl", StringComparison.Ordinal));
        Assert.Equal(3, result.Metrics["rows"]);
    }

    [Fact]
    public async Task A_reward_stage_cuts_long_rows_where_it_is_told_to()
    {
        var words = string.Join(' ', Enumerable.Repeat("slow", 80));
        _folder.WriteText(
            "pairs.jsonl",
            string.Concat(
                Enumerable
                    .Range(0, 4)
                    .Select(i => $$"""{"prompt": "{{(i == 0 ? words : "a")}} {{i}}", "chosen": "fine", "rejected": "bad"}""" + "\n")
            )
        );
        var left = await StageAsync("reward", "pairs.jsonl", "test_split: 0, normalisation: none");
        Assert.Equal(3, left.Metrics["examples"]);
        Assert.Contains(left.Notes, n => n.EndsWith("1 left out: longer than 64 tokens", StringComparison.Ordinal));

        Directory.Delete(_folder.File("run"), recursive: true);
        var cut = await StageAsync("reward", "pairs.jsonl", "test_split: 0, normalisation: none, truncation: keep-prompt-end");
        Assert.Equal(4, cut.Metrics["examples"]);
        Assert.Contains(cut.Notes, n => n.EndsWith("1 rows cut to the longest length (truncation)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Texts_and_answers_do_not_mix()
    {
        _folder.WriteText("a.jsonl", Rows("a", 4));
        _folder.WriteText("b.txt", "a text\n");
        var problem = await Assert.ThrowsAsync<DataException>(() => SftAsync("a.jsonl + b.txt", ""));
        Assert.Contains("expected files of one kind", problem.Message, StringComparison.Ordinal);
    }

    private static string Rows(string name, int count) =>
        string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"prompt": "{{name}}{{i}}", "completion": "fine"}""" + "\n"));

    private Task<StageResult> SftAsync(string data, string options) => StageAsync("sft", data, options);

    private async Task<StageResult> StageAsync(string stage, string data, string options)
    {
        var source = string.Join(" + ", data.Split(" + ").Select(_folder.File));
        var text = $$"""
            seed: 1
            model: {{model.File}}
            stages:
              - {{stage}}: {data: "{{source}}", batch_size: 4, max_length: 64{{(
                options.Length > 0 ? ", " : ""
            )}}{{options}}}
            """;
        var recipe = Recipe.Bind(RecipeFile.Parse(text, "a.yaml"));
        Directory.CreateDirectory(_folder.File("run"));
        var results = await new Run(recipe, _folder.File("run"), new SilentScreen(), person: null).RunAsync(
            TestContext.Current.CancellationToken
        );
        return results.Stages[0];
    }
}
