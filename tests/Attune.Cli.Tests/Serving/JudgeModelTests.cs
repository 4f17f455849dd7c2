using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Data.Judging;
using Attune.Testing;
using Attune.Training.Serving;
using Attune.Web;
using Attune.Web.Configuration;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Attune.Cli.Tests.Serving;

/// <summary>Models that judge, over the wire and in the process.</summary>
[Collection(nameof(ServedCollection))]
public sealed partial class JudgeModelTests(ServedSite site)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_served_model_is_a_chat_client_and_says_what_it_says_over_the_wire()
    {
        using var own = new ModelChatClient(site.Model);
        using var far = new OpenAIClient(new System.ClientModel.ApiKeyCredential("none"), site.ClientOptions)
            .GetChatClient(ServedSite.Name)
            .AsIChatClient();
        Microsoft.Extensions.AI.ChatMessage[] messages = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Write a review.")];
        var options = new ChatOptions
        {
            MaxOutputTokens = 15,
            Temperature = 0,
            StopSequences = ["zzz"],
        };
        var (here, there) = (await own.GetResponseAsync(messages, options, Cancel), await far.GetResponseAsync(messages, options, Cancel));
        Assert.Equal(there.Text, here.Text);
        Assert.Equal(
            (there.FinishReason, there.ModelId, there.Usage!.TotalTokenCount),
            (here.FinishReason, here.ModelId, here.Usage!.TotalTokenCount)
        );
        Assert.Equal(
            here.Text,
            string.Concat(await own.GetStreamingResponseAsync(messages, options, Cancel).Select(u => u.Text).ToArrayAsync(Cancel))
        );
        await Assert.ThrowsAsync<NotSupportedException>(() =>
            own.GetResponseAsync(messages, new ChatOptions { ResponseFormat = ChatResponseFormat.Json }, Cancel)
        );
        Assert.Equal(ServedSite.Name, own.GetService<ChatClientMetadata>()!.DefaultModelId);
    }

    [Fact]
    public async Task A_judge_too_small_for_its_questions_says_so()
    {
        using var client = new ModelChatClient(site.Model);
        var judge = new ChatJudge(client, "embedded", new ChatJudgeOptions());
        var problem = await Assert.ThrowsAsync<AttuneException>(async () =>
            await judge.AskAsync([new Question("q/0", new Prompt.Text("Review:"), ["Good.", "Bad."], 0)], Cancel).ToArrayAsync(Cancel)
        );
        Assert.Matches(
            "^embedded cannot be asked to judge: Prompt 1 has [0-9]+ tokens and its answer up to 16 more; the model's context is 128",
            problem.Message
        );
    }

    [Fact]
    public async Task A_recipe_asks_a_model_at_an_endpoint_for_preferences_for_online_dpo_and_while_the_policy_learns()
    {
        using var folder = new TemporaryFolder();
        var model = new LongerWins();
        await using var server = await WebServer.StartAsync(
            new WebOptions
            {
                DataFolder = folder.File("data"),
                Urls = "http://127.0.0.1:0",
                PasswordRounds = 1000,
                Model = model,
                OpenModel = true,
            },
            Cancel
        );
        var judge = $$"""judge_model: {model: longer-wins, endpoint: "{{server.Address}}/v1", parallel: 4}""";
        folder.WriteText(
            "recipe.yaml",
            $$"""
            name: judged
            seed: 5
            model: embedded
            stages:
              - preferences: {prompts: reviews:prompts, labels: 10, max_new_tokens: 8, test_split: 0, source: model, {{judge}}}
              - online-dpo: {prompts: reviews:prompts, rows: 20, held_out_prompts: reviews:held-out-prompts, evaluation_prompts: 2, total_episodes: 8, rollout_batch_size: 8, batch_size: 4, max_new_tokens: 8, judge: model, {{judge}}}
              - online:
                  source: model
                  {{judge}}
                  labels: 12
                  initial_labels: 8
                  refreshes: 1
                  normalisation_samples: 4
                  reward: {members: 1, batch_size: 4, max_length: 64, test_split: 0}
                  policy:
                    rloo: {prompts: reviews:prompts, rows: 20, held_out_prompts: reviews:held-out-prompts, total_episodes: 32, rollout_batch_size: 16, batch_size: 8, num_generations: 4, max_new_tokens: 8, evaluation_prompts: 2}
            """
        );
        AttuneProgram.Run(folder.Path, "run", "recipe.yaml", "--out", "run").Succeeded();
        JsonNode[] labels = [.. File.ReadLines(folder.File("run/preferences/preferences.jsonl")).Select(l => JsonNode.Parse(l)!)];
        Assert.InRange(labels.Length, 3, 10);
        Assert.All(
            labels,
            l => Assert.True(((string)l["chosen"]!).Trim().Length > ((string)l["rejected"]!).Trim().Length, l.ToJsonString())
        );
        Assert.All(labels, l => Assert.Equal("longer-wins", (string?)l["annotator"]));
        var figures = JsonNode.Parse(File.ReadAllText(folder.File("run/preferences/stage.json")))!["metrics"]!;
        Assert.Equal((double)figures["prompts"]!, labels.Length + (double)figures["ties"]!);
        Assert.Equal(0, (double)figures["unreadable"]!);
        Assert.True(model.Asked > 20);
        Assert.True(File.Exists(folder.File("run/online-dpo/stage.json")));
        JsonNode[] asked =
        [
            .. Directory
                .GetFiles(folder.File("run/online"), "*.jsonl", SearchOption.AllDirectories)
                .Where(f => Path.GetFileName(f).Contains("preferences", StringComparison.Ordinal))
                .SelectMany(File.ReadLines)
                .Select(l => JsonNode.Parse(l)!),
        ];
        Assert.NotEmpty(asked);
        Assert.All(asked, l => Assert.Equal("longer-wins", (string?)l["annotator"]));
    }

    [Fact]
    public void Answers_come_from_another_model_where_one_is_named_and_need_no_policy()
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "recipe.yaml",
            $$"""
            name: answered
            seed: 5
            stages:
              - preferences: {prompts: reviews:prompts, labels: 6, max_new_tokens: 6, test_split: 0, answer_model: {model: embedded, endpoint: "{{site.Endpoint}}"} }
            """
        );
        AttuneProgram.Run(folder.Path, "run", "recipe.yaml", "--out", "one").Succeeded();
        AttuneProgram.Run(folder.Path, "run", "recipe.yaml", "--out", "two").Succeeded();
        var labels = File.ReadAllLines(folder.File("one/preferences.jsonl"));
        Assert.InRange(labels.Length, 3, 6);
        // Attune's own server keeps to the seeds.
        Assert.Equal(labels, File.ReadAllLines(folder.File("two/preferences.jsonl")));
    }

    [Theory]
    [InlineData("source: model", "preferences.judge_model.model is missing")]
    [InlineData("answer_model: {model: x, endpoint: \"ftp://x\"}", "answer_model.endpoint is 'ftp://x'")]
    [InlineData("source: model, judge_model: {model: x, endpoint: nowhere}", "judge_model.endpoint is 'nowhere'")]
    [InlineData(
        "source: model, judge_model: {model: x, endpoint: \"http://localhost:1/v1\", api_key_env: ATTUNE_NO_SUCH_KEY}",
        "ATTUNE_NO_SUCH_KEY is not set"
    )]
    [InlineData("source: model, feedback: ranking, judge_model: {model: x}", "a model is asked for the best")]
    public void A_judge_that_cannot_be_asked_is_refused_before_anything_runs(string keys, string message)
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "recipe.yaml",
            $"name: judged\nmodel: embedded\nstages:\n  - preferences: {{prompts: reviews:prompts, labels: 10, {keys}}}\n"
        );
        AttuneProgram.Run(folder.Path, "run", "recipe.yaml", "--out", "run").Refused(message);
    }

    /// <summary>Prefers the longer of two answers, wherever it stands. Its tokens are the prompt's characters.</summary>
    private sealed partial class LongerWins : ICompletionModel
    {
        private int _asked;

        public string Name => "longer-wins";
        public int ContextLength => 1_000_000;
        public int Asked => _asked;

        public EncodedPrompt Encode(Prompt prompt) => new([.. prompt.Key.Select(c => (int)c)]);

        public string Decode(ImmutableArray<int> tokens) => string.Concat(tokens.Select(t => (char)t));

        public async IAsyncEnumerable<CompletionPiece> CompleteAsync(
            CompletionRequest request,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
        )
        {
            await Task.Yield();
            Interlocked.Increment(ref _asked);
            var shown = Shown().Match(Decode(request.Prompt.Tokens));
            var (a, b) = (shown.Groups["a"].Length, shown.Groups["b"].Length);
            yield return new CompletionPiece(
                0,
                a > b ? "A"
                    : b > a ? "B"
                    : "TIE",
                [],
                new CompletionEnd(StopReason.EndToken, 2)
            );
        }

        [GeneratedRegex(@"\n\[Answer A\]\n(?<a>.*)\n\n\[Answer B\]\n(?<b>.*)\n\n\[End\]", RegexOptions.Singleline)]
        private static partial Regex Shown();
    }
}
