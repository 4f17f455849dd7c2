using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI.Chat;
using OpenAI.Models;

namespace Attune.Cli.Tests.Serving;

/// <summary>The official client against the real server.</summary>
[Collection(nameof(ServedCollection))]
public sealed class OpenAiClientTests(ServedSite site)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ChatMessage[] Question(string text = "Write a film review.") =>
        [new SystemChatMessage("Be brief."), new UserChatMessage(text)];

    [Fact]
    public async Task A_chat_is_answered_with_usage_and_a_reason()
    {
        ChatCompletion answer = await site.Chat.CompleteChatAsync(
            Question(),
            new ChatCompletionOptions { MaxOutputTokenCount = 12, Seed = 1 },
            Cancel
        );
        Assert.Equal(ChatMessageRole.Assistant, answer.Role);
        Assert.NotEmpty(answer.Content[0].Text);
        Assert.Equal(ServedSite.Name, answer.Model);
        Assert.StartsWith("chatcmpl-", answer.Id, StringComparison.Ordinal);
        Assert.InRange(answer.Usage.OutputTokenCount, 1, 12);
        Assert.Equal(answer.FinishReason == ChatFinishReason.Length, answer.Usage.OutputTokenCount == 12);
        Assert.Equal(answer.Usage.InputTokenCount + answer.Usage.OutputTokenCount, answer.Usage.TotalTokenCount);
        Assert.InRange(answer.Usage.InputTokenCount, 8, 200);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text_streamed_or_not_alone_or_among_others()
    {
        var options = Enumerable
            .Range(0, 12)
            .Select(i => new ChatCompletionOptions
            {
                MaxOutputTokenCount = 10 + i,
                Seed = i,
                Temperature = i % 3,
                TopP = i % 2 == 0 ? 1 : 0.9f,
            })
            .ToArray();
        var alone = new string[options.Length];
        for (var i = 0; i < options.Length; i++)
        {
            ChatCompletion answer = await site.Chat.CompleteChatAsync(Question(), options[i], Cancel);
            alone[i] = answer.Content[0].Text;
        }

        var together = await Task.WhenAll(
            options.Select(
                async (o, i) =>
                    i % 2 == 0
                        ? await StreamedAsync(o)
                        : ((ChatCompletion)await site.Chat.CompleteChatAsync(Question(), o, Cancel)).Content[0].Text
            )
        );
        Assert.Equal(alone, together);
        Assert.True(alone.Distinct().Count() > 6, "seeds should matter");
    }

    [Fact]
    public async Task A_stream_tells_role_reason_and_usage()
    {
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (
            var update in site.Chat.CompleteChatStreamingAsync(
                Question(),
                new ChatCompletionOptions
                {
                    MaxOutputTokenCount = 9,
                    Seed = 3,
                    IncludeLogProbabilities = true,
                    TopLogProbabilityCount = 2,
                },
                Cancel
            )
        )
        {
            updates.Add(update);
        }

        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Single(updates, u => u.FinishReason is not null);
        Assert.Equal(updates[^1].Usage, Assert.Single(updates, u => u.Usage is not null).Usage);
        var tokens = updates.SelectMany(u => u.ContentTokenLogProbabilities).ToArray();
        Assert.InRange(tokens.Length, updates[^1].Usage.OutputTokenCount - 1, updates[^1].Usage.OutputTokenCount);
        Assert.Equal(
            string.Concat(updates.SelectMany(u => u.ContentUpdate).Select(p => p.Text)),
            string.Concat(tokens.Select(t => t.Token))
        );
    }

    [Fact]
    public async Task Log_probabilities_come_with_the_likeliest_tokens()
    {
        ChatCompletion answer = await site.Chat.CompleteChatAsync(
            Question(),
            new ChatCompletionOptions
            {
                MaxOutputTokenCount = 15,
                Temperature = 0,
                IncludeLogProbabilities = true,
                TopLogProbabilityCount = 4,
            },
            Cancel
        );
        Assert.Equal(answer.Content[0].Text, string.Concat(answer.ContentTokenLogProbabilities.Select(t => t.Token)));
        Assert.All(
            answer.ContentTokenLogProbabilities,
            token =>
            {
                Assert.Equal(4, token.TopLogProbabilities.Count);
                // Greedy: the drawn token is the likeliest.
                Assert.Equal(token.Token, token.TopLogProbabilities[0].Token);
                Assert.Equal(token.LogProbability, token.TopLogProbabilities[0].LogProbability);
                Assert.Equal(
                    token.TopLogProbabilities.Select(t => t.LogProbability).OrderDescending(),
                    token.TopLogProbabilities.Select(t => t.LogProbability)
                );
                Assert.InRange(token.TopLogProbabilities.Sum(t => Math.Exp(t.LogProbability)), 0, 1.0001);
                Assert.Equal(token.Token, Encoding.UTF8.GetString(token.Utf8Bytes!.Value.ToArray()));
            }
        );
    }

    [Fact]
    public async Task Text_ends_before_a_stop_sequence_also_one_that_spans_tokens()
    {
        ChatCompletion whole = await site.Chat.CompleteChatAsync(
            Question(),
            new ChatCompletionOptions { MaxOutputTokenCount = 40, Seed = 5 },
            Cancel
        );
        var text = whole.Content[0].Text;
        var stop = text.Substring(text.Length / 2, 7);
        var options = new ChatCompletionOptions
        {
            MaxOutputTokenCount = 40,
            Seed = 5,
            IncludeLogProbabilities = true,
        };
        options.StopSequences.Add(stop);
        ChatCompletion stopped = await site.Chat.CompleteChatAsync(Question(), options, Cancel);
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], stopped.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
        Assert.Equal(stopped.Content[0].Text, await StreamedAsync(options));
        Assert.True(stopped.Usage.OutputTokenCount < whole.Usage.OutputTokenCount);
    }

    [Fact]
    public async Task Several_answers_are_those_of_their_seed()
    {
        string[] texts = [.. await ChoicesAsync(4, 7), .. await ChoicesAsync(2, 7)];
        Assert.Equal(texts[..2], texts[4..]);
        Assert.Equal(4, texts.Distinct().Count());

        async Task<string[]> ChoicesAsync(int n, int seed)
        {
            // The typed client knows no n.
            var body = BinaryContent.Create(
                BinaryData.FromObjectAsJson(
                    new
                    {
                        model = ServedSite.Name,
                        n,
                        seed,
                        max_tokens = 20,
                        messages = new[] { new { role = "user", content = "Write." } },
                    }
                )
            );
            var result = await site.Chat.CompleteChatAsync(body);
            using var json = JsonDocument.Parse(result.GetRawResponse().Content);
            var choices = json.RootElement.GetProperty("choices").EnumerateArray().ToArray();
            Assert.Equal(Enumerable.Range(0, n), choices.Select(c => c.GetProperty("index").GetInt32()));
            return [.. choices.Select(c => c.GetProperty("message").GetProperty("content").GetString()!)];
        }
    }

    [Fact]
    public async Task The_model_is_listed_and_others_are_not_there()
    {
        var models = new OpenAIModelClient(new ApiKeyCredential("none"), site.ClientOptions);
        OpenAIModelCollection all = await models.GetModelsAsync(Cancel);
        Assert.Equal(ServedSite.Name, Assert.Single(all).Id);
        OpenAIModel one = await models.GetModelAsync(ServedSite.Name, Cancel);
        Assert.Equal("attune", one.OwnedBy);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => models.GetModelAsync("gpt-5", Cancel))).Status);
        var other = new ChatClient("gpt-5", new ApiKeyCredential("none"), site.ClientOptions);
        var refusal = await Assert.ThrowsAsync<ClientResultException>(() => other.CompleteChatAsync(Question(), cancellationToken: Cancel));
        Assert.Equal(404, refusal.Status);
        Assert.Contains("There is no model 'gpt-5'; this server has 'embedded'.", refusal.Message, StringComparison.Ordinal);
    }

    private async Task<string> StreamedAsync(ChatCompletionOptions options)
    {
        var text = new StringBuilder();
        await foreach (var update in site.Chat.CompleteChatStreamingAsync(Question(), options, Cancel))
        {
            foreach (var part in update.ContentUpdate)
            {
                text.Append(part.Text);
            }
        }

        return text.ToString();
    }
}
