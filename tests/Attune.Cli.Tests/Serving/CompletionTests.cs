using System.Net;
using System.Text;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Models.Decoding;
using Attune.Models.Files;

namespace Attune.Cli.Tests.Serving;

/// <summary>Texts to continue, and what is refused.</summary>
[Collection(nameof(ServedCollection))]
public sealed class CompletionTests(ServedSite site)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly JsonElement Chat = JsonSerializer.SerializeToElement(
        new
        {
            model = "embedded",
            max_tokens = 5,
            messages = new[] { new { role = "user", content = "Hello" } },
        }
    );

    [Fact]
    public async Task A_text_is_continued()
    {
        var (status, body) = await site.PostAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = "Title: Night Ferry",
                seed = 1,
            }
        );
        Assert.Equal(200, status);
        Assert.Equal("text_completion", body.GetProperty("object").GetString());
        var choice = body.GetProperty("choices")[0];
        Assert.NotEmpty(choice.GetProperty("text").GetString()!);
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(16, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        var (_, echoed) = await site.PostAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = "Title: Night Ferry",
                seed = 1,
                echo = true,
            }
        );
        Assert.Equal(
            "Title: Night Ferry" + choice.GetProperty("text").GetString(),
            echoed.GetProperty("choices")[0].GetProperty("text").GetString()
        );
    }

    [Fact]
    public async Task Prompts_may_be_several_or_tokens()
    {
        var tokens = site.Model.Encode(new Prompt.Text("Title: Night")).Tokens;
        var (_, several) = await site.PostAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = new object[] { "Title: Night", tokens },
                n = 2,
                seed = 4,
                temperature = 0,
            }
        );
        string[] texts = [.. several.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()!)];
        Assert.Equal(4, texts.Length);
        Assert.Single(texts.Distinct());
        var (_, one) = await site.PostAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = tokens,
                temperature = 0,
            }
        );
        Assert.Equal(texts[0], one.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal(2 * tokens.Length, several.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Log_probabilities_come_with_offsets()
    {
        var (_, body) = await site.PostAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = "Title:",
                seed = 2,
                logprobs = 3,
            }
        );
        var (text, logprobs) = (
            body.GetProperty("choices")[0].GetProperty("text").GetString()!,
            body.GetProperty("choices")[0].GetProperty("logprobs")
        );
        string[] tokens = [.. logprobs.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!)];
        Assert.Equal(text, string.Concat(tokens));
        Assert.Equal(
            tokens.Select((_, i) => tokens[..i].Sum(t => t.Length)),
            logprobs.GetProperty("text_offset").EnumerateArray().Select(o => o.GetInt32())
        );
        Assert.All(
            logprobs.GetProperty("top_logprobs").EnumerateArray().Zip(tokens),
            t => Assert.InRange(t.First.EnumerateObject().Count(), 1, 4)
        );
        Assert.All(
            logprobs.GetProperty("top_logprobs").EnumerateArray().Zip(tokens),
            t => Assert.Contains(t.Second, t.First.EnumerateObject().Select(o => o.Name))
        );
        Assert.All(logprobs.GetProperty("token_logprobs").EnumerateArray(), t => Assert.InRange(t.GetDouble(), -100, 0));
    }

    /// <summary>As harnesses measure a model on given texts: one token is drawn and thrown away, the end token too.</summary>
    [Fact]
    public async Task A_given_text_is_measured()
    {
        const string Text =
            "Title: Night Ferry. A film about a ferry that the captain, a quiet man, could not leave; \u00e9t\u00e9, and then "
            + "a few more words, and more and more of them, to make it longer than one pass takes.";
        var folder = EmbeddedModel.Resolve(ServedSite.Name);
        using var model = ModelFiles.LoadLanguageModel(folder);
        using var engine = new DecodeEngine(model);
        var ids = site.Model.Encode(new Prompt.Text(Text)).Tokens;
        Assert.InRange(ids.Length, 65, 200);
        foreach (var most in new[] { 1, 0 })
        {
            var (status, body) = await site.PostAsync(
                "/v1/completions",
                new
                {
                    model = "embedded",
                    prompt = new object[] { Text, ids },
                    echo = true,
                    logprobs = 1,
                    max_tokens = most,
                    temperature = 0,
                }
            );
            Assert.Equal(200, status);
            Assert.Equal(2 * most, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
            foreach (var choice in body.GetProperty("choices").EnumerateArray())
            {
                Assert.StartsWith(Text, choice.GetProperty("text").GetString(), StringComparison.Ordinal);
                var logprobs = choice.GetProperty("logprobs");
                var told = logprobs.GetProperty("token_logprobs").EnumerateArray().ToArray();
                Assert.Equal(ids.Length + most, told.Length);
                Assert.Equal(JsonValueKind.Null, told[0].ValueKind);
                Assert.All(engine.LogProbs(ids).Zip(told.Skip(1)), p => Assert.Equal(p.First, p.Second.GetDouble(), 1e-4));
                var offsets = logprobs.GetProperty("text_offset").EnumerateArray().Select(o => o.GetInt32()).ToArray();
                Assert.Equal(offsets.Order(), offsets);
                var tokens = logprobs.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!).ToArray();
                Assert.All(
                    Enumerable.Range(0, ids.Length),
                    i =>
                        Assert.True(
                            tokens[i].Contains('\uFFFD', StringComparison.Ordinal)
                                || Text[offsets[i]..].StartsWith(tokens[i], StringComparison.Ordinal),
                            tokens[i]
                        )
                );
                Assert.Equal(most, offsets.Count(o => o == Text.Length));
                Assert.Equal(told.Length, logprobs.GetProperty("top_logprobs").GetArrayLength());
            }
        }

        var (_, whole) = await site.PostAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = Text,
                echo = true,
                logprobs = 0,
                max_tokens = 3,
                seed = 1,
            }
        );
        var parts = await site.StreamAsync(
            "/v1/completions",
            new
            {
                model = "embedded",
                prompt = Text,
                echo = true,
                logprobs = 0,
                max_tokens = 3,
                seed = 1,
                stream = true,
            }
        );
        Assert.Equal(Joined([whole], c => c.GetProperty("text")), Joined(parts, c => c.GetProperty("text")));
        foreach (var list in new[] { "tokens", "token_logprobs", "text_offset" })
        {
            Assert.Equal(
                Joined([whole], c => c.GetProperty("logprobs").GetProperty(list)),
                Joined(parts, c => c.GetProperty("logprobs").GetProperty(list))
            );
        }

        static string Joined(IEnumerable<JsonElement> bodies, Func<JsonElement, JsonElement> part) =>
            string.Join(
                '|',
                bodies
                    .Select(b => part(b.GetProperty("choices")[0]))
                    .SelectMany(p =>
                        p.ValueKind == JsonValueKind.Array
                            ? p.EnumerateArray().Select(e => e.ToString())
                            : p.GetString()!.Select(c => c.ToString())
                    )
            );
    }

    /// <summary>In a conversation only what was said counts: neither the prompt nor the end token is told.</summary>
    [Fact]
    public async Task A_chat_that_ends_tells_its_answers_tokens_alone()
    {
        for (var seed = 0; ; seed++)
        {
            Assert.True(seed < 100, "no answer ended by itself");
            var request = new
            {
                model = "embedded",
                seed,
                max_tokens = 60,
                logprobs = true,
                top_logprobs = 1,
                messages = new[] { new { role = "user", content = "Hello" } },
            };
            var (_, body) = await site.PostAsync("/v1/chat/completions", request);
            var choice = body.GetProperty("choices")[0];
            if (choice.GetProperty("finish_reason").GetString() != "stop")
            {
                continue;
            }
            Assert.Equal(
                body.GetProperty("usage").GetProperty("completion_tokens").GetInt32() - 1,
                choice.GetProperty("logprobs").GetProperty("content").GetArrayLength()
            );
            return;
        }
    }

    /// <summary>At such a temperature tokens are halves of characters and invalid bytes as often as not.</summary>
    [Fact]
    public async Task Streamed_texts_put_together_are_the_texts_whatever_is_drawn()
    {
        for (var seed = 0; seed < 6; seed++)
        {
            foreach (string[] stop in new string[][] { [], ["e", "\uFFFD"], [" the", "\n", "ing "] })
            {
                var wanted = new
                {
                    model = "embedded",
                    prompt = "The film",
                    max_tokens = 60,
                    n = 3,
                    seed,
                    temperature = 2,
                    stop,
                    logprobs = 0,
                };
                var (_, whole) = await site.PostAsync("/v1/completions", wanted);
                var chunks = await site.StreamAsync(
                    "/v1/completions",
                    new
                    {
                        wanted.model,
                        wanted.prompt,
                        wanted.max_tokens,
                        wanted.n,
                        seed,
                        wanted.temperature,
                        stop,
                        wanted.logprobs,
                        stream = true,
                        stream_options = new { include_usage = true },
                    }
                );
                Assert.Equal(whole.GetProperty("usage").GetRawText(), chunks[^1].GetProperty("usage").GetRawText());
                for (var i = 0; i < 3; i++)
                {
                    JsonElement[] own =
                    [
                        .. chunks[..^1].Select(c => c.GetProperty("choices")[0]).Where(c => c.GetProperty("index").GetInt32() == i),
                    ];
                    var choice = whole.GetProperty("choices")[i];
                    Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(own.Select(c => c.GetProperty("text").GetString())));
                    Assert.Equal(choice.GetProperty("finish_reason").GetString(), own[^1].GetProperty("finish_reason").GetString());
                    Assert.All(own[..^1], c => Assert.Equal(JsonValueKind.Null, c.GetProperty("finish_reason").ValueKind));
                    Assert.Equal(
                        choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().Select(l => l.GetDouble()),
                        own.SelectMany(c =>
                            c.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().Select(l => l.GetDouble())
                        )
                    );
                    Assert.All(stop, s => Assert.DoesNotContain(s, choice.GetProperty("text").GetString()!, StringComparison.Ordinal));
                }
            }
        }
    }

    [Theory]
    [InlineData("tools", """[{"type": "function"}]""", "'tools' is not supported")]
    [InlineData("logit_bias", """{"5": 1}""", "'logit_bias' is not supported")]
    [InlineData("frequency_penalty", "0.5", "'frequency_penalty' is not supported")]
    [InlineData("response_format", """{"type": "json_object"}""", "'response_format' is not supported")]
    [InlineData("temprature", "1", "'temprature' is not a known parameter. Did you mean 'temperature'?")]
    [InlineData("temperature", "3", "'temperature' is 3; expected a number from 0 to 2.")]
    [InlineData("temperature", "\"1\"", "'temperature' is \"1\"; expected a number from 0 to 2.")]
    [InlineData("top_p", "0", "'top_p' is 0; expected more than 0")]
    [InlineData("n", "0", "'n' is 0; expected a whole number from 1 to 128.")]
    [InlineData("n", "1.5", "'n' is 1.5; expected a whole number from 1 to 128.")]
    [InlineData("seed", "\"x\"", "'seed' is \"x\"; expected a whole number.")]
    [InlineData("stop", "[\"\"]", "expected at most 16, none of them empty")]
    [InlineData("stop", "5", "'stop' is 5; expected a string, or a list of strings.")]
    [InlineData("stream", "1", "'stream' is 1; expected true or false.")]
    [InlineData("stream_options", """{"include_usage": true}""", "requires 'stream': true")]
    [InlineData("top_logprobs", "3", "'top_logprobs' requires 'logprobs': true.")]
    [InlineData("max_tokens", "0", "'max_tokens' is 0; expected a whole number of at least 1.")]
    [InlineData("max_tokens", "1000000", "the model's context holds")]
    [InlineData("max_completion_tokens", "6", "'max_tokens' and 'max_completion_tokens' differ")]
    [InlineData("messages", "[]", "expected a list of at least one message")]
    [InlineData("messages", """[{"role": "narrator", "content": "x"}]""", "'messages[0].role' is 'narrator'; expected system")]
    [InlineData(
        "messages",
        """[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]""",
        "a part that is not text"
    )]
    [InlineData("messages", """[{"role": "user", "content": "x", "name": "Bob"}]""", "'messages[0].name' is not supported")]
    [InlineData("messages", """[{"role": "user", "content": "\ud800"}]""", "not well-formed text")]
    [InlineData("model", "null", "'model' is missing; expected 'embedded'.")]
    public async Task What_is_wrong_or_not_supported_is_refused_by_name(string parameter, string value, string message)
    {
        var fields = Chat.EnumerateObject()
            .Where(p => p.Name != parameter)
            .Select(p => $"\"{p.Name}\": {p.Value.GetRawText()}")
            .Append($"\"{parameter}\": {value}");
        using var answer = await site.Http.PostAsync(
            "/v1/chat/completions",
            new StringContent($"{{{string.Join(", ", fields)}}}", Encoding.UTF8, "application/json"),
            Cancel
        );
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("error");
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.StartsWith(parameter, error.GetProperty("param").GetString() ?? "?", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user", "\"me\"")]
    [InlineData("frequency_penalty", "0")]
    [InlineData("tools", "[]")]
    [InlineData("response_format", """{"type": "text"}""")]
    [InlineData("stop", "null")]
    [InlineData("max_completion_tokens", "5")]
    [InlineData(
        "messages",
        """[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "x"}]}, {"role": "assistant", "content": "y", "tool_calls": [], "refusal": null}, {"role": "user", "content": "z"}]"""
    )]
    public async Task What_changes_nothing_passes(string parameter, string value)
    {
        var fields = Chat.EnumerateObject()
            .Where(p => p.Name != parameter)
            .Select(p => $"\"{p.Name}\": {p.Value.GetRawText()}")
            .Append($"\"{parameter}\": {value}");
        using var answer = await site.Http.PostAsync(
            "/v1/chat/completions",
            new StringContent($"{{{string.Join(", ", fields)}}}", Encoding.UTF8, "application/json"),
            Cancel
        );
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("not json", "application/json", 400)]
    [InlineData("[]", "application/json", 400)]
    [InlineData("{}", "text/plain", 415)]
    public async Task A_body_that_is_none_is_refused_in_the_same_shape(string body, string type, int status)
    {
        using var answer = await site.Http.PostAsync("/v1/chat/completions", new StringContent(body, Encoding.UTF8, type), Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(
            "invalid_request_error",
            JsonDocument
                .Parse(await answer.Content.ReadAsStringAsync(Cancel))
                .RootElement.GetProperty("error")
                .GetProperty("type")
                .GetString()
        );
    }
}
