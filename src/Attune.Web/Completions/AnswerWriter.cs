using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Rollouts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Attune.Web.Completions;

/// <summary>Runs a call and writes what comes of it: at once when all is there, or as server-sent events while it comes.</summary>
internal sealed class AnswerWriter(HttpContext context, ICompletionModel model, CompletionCall call, AnswerShape shape, DateTimeOffset now)
{
    private readonly string _id = shape.IdPrefix + Guid.NewGuid().ToString("N");
    private int _drawn;

    /// <exception cref="AttuneException">The call cannot work, or the model has no room for it. Nothing was written then.</exception>
    public async Task RunAsync()
    {
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var source = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            // All prompts wait in the model's queue from the start; they are read one after another.
            IAsyncEnumerable<CompletionPiece>[] answers =
            [
                .. call.Prompts.Select((_, i) => model.CompleteAsync(call.Request(i), source.Token).Select(Wanted)),
            ];
            await (call.Stream ? StreamAsync(answers) : WriteAsync(answers));
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The server or the model ends: a client that has a half must not take it for the whole.
            if (!context.Response.HasStarted)
            {
                throw new ApiRefusal(new ApiProblem(StatusCodes.Status503ServiceUnavailable, "The server is stopping."));
            }
            context.Abort();
        }
        finally
        {
            // Also those that nobody came to read.
            await source.CancelAsync();
        }
    }

    private async Task WriteAsync(IAsyncEnumerable<CompletionPiece>[] answers)
    {
        var choices = new List<object>();
        for (var prompt = 0; prompt < answers.Length; prompt++)
        {
            var texts = Enumerable.Range(0, call.Count).Select(_ => new StringBuilder()).ToArray();
            var tokens = Enumerable.Range(0, call.Count).Select(_ => new List<AnswerToken>()).ToArray();
            var before = Enumerable.Repeat(ImmutableArray<AnswerToken>.Empty, call.Count).ToArray();
            var ends = new CompletionEnd[call.Count];
            await foreach (var piece in answers[prompt])
            {
                texts[piece.Answer].Append(piece.Text);
                before[piece.Answer] = before[piece.Answer].AddRange(piece.Prompt);
                tokens[piece.Answer].AddRange(piece.Tokens);
                ends[piece.Answer] = piece.End ?? ends[piece.Answer];
            }

            _drawn += ends.Sum(e => e.Tokens);
            choices.AddRange(
                ends.Select(
                    (e, i) =>
                        shape.Choice(
                            prompt * call.Count + i,
                            call.Prompts[prompt].Echo ?? "",
                            texts[i].ToString(),
                            Told(before[i], [.. tokens[i]]),
                            AnswerShape.Finish(e.Reason)
                        )
                )
            );
        }

        context.Response.ContentType = "application/json";
        var body = new
        {
            id = _id,
            @object = shape.Object,
            created = now.ToUnixTimeSeconds(),
            model = model.Name,
            choices,
            usage = Usage(),
        };
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body, CompletionJson.Options), context.RequestAborted);
    }

    private async Task StreamAsync(IAsyncEnumerable<CompletionPiece>[] answers)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        try
        {
            for (var prompt = 0; prompt < answers.Length; prompt++)
            {
                var begun = new bool[call.Count];
                await foreach (var piece in answers[prompt])
                {
                    _drawn += piece.End?.Tokens ?? 0;
                    var chunk = shape.Chunk(
                        prompt * call.Count + piece.Answer,
                        call.Prompts[prompt].Echo ?? "",
                        !begun[piece.Answer],
                        piece.Text,
                        Told(piece.Prompt, piece.Tokens),
                        piece.End is { } end ? AnswerShape.Finish(end.Reason) : null
                    );
                    begun[piece.Answer] = true;
                    await SendAsync(Chunk([chunk], null));
                }
            }

            if (call.IncludeUsage)
            {
                await SendAsync(Chunk([], Usage()));
            }
            await SendTextAsync("[DONE]");
        }
        catch (AttuneException problem) when (context.Response.HasStarted)
        {
            // The status went out long ago; clients look for an error in the events.
            await SendAsync(new ApiProblem(StatusCodes.Status500InternalServerError, problem.Message).Body);
        }
    }

    private ToldTokens? Told(ImmutableArray<AnswerToken> prompt, ImmutableArray<AnswerToken> answer) =>
        call.Alternatives is null ? null : new ToldTokens(prompt, answer);

    /// <summary>Where only the prompt is asked for, the one token that is drawn after it is left out.</summary>
    private CompletionPiece Wanted(CompletionPiece piece) =>
        call.DropsAnswer
            ? piece with
            {
                Text = "",
                Tokens = [],
                End = piece.End is null ? null : new CompletionEnd(StopReason.Length, 0),
            }
            : piece;

    private object Chunk(ImmutableArray<object> choices, object? usage) =>
        call.IncludeUsage
            ? new
            {
                id = _id,
                @object = shape.ChunkObject,
                created = now.ToUnixTimeSeconds(),
                model = model.Name,
                choices,
                usage,
            }
            : new
            {
                id = _id,
                @object = shape.ChunkObject,
                created = now.ToUnixTimeSeconds(),
                model = model.Name,
                choices,
            };

    private object Usage()
    {
        var read = call.Prompts.Sum(p => p.Encoded.Tokens.Length);
        return new
        {
            prompt_tokens = read,
            completion_tokens = _drawn,
            total_tokens = read + _drawn,
        };
    }

    private Task SendAsync(object body) => SendTextAsync(JsonSerializer.Serialize(body, CompletionJson.Options));

    private async Task SendTextAsync(string text)
    {
        await context.Response.WriteAsync($"data: {text}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
