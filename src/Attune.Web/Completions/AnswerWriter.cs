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

/// <summary>Runs a call and writes the result: as a whole when it is complete, or as server-sent events while it is generated.</summary>
internal sealed class AnswerWriter(HttpContext context, ICompletionModel model, CompletionCall call, AnswerShape shape, DateTimeOffset now)
{
    private readonly string _id = shape.IdPrefix + Guid.NewGuid().ToString("N");
    private int _drawn;

    /// <exception cref="AttuneException">The call is not possible, or the model is too busy. Nothing has been written.</exception>
    public async Task RunAsync()
    {
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var source = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            // All prompts enter the model's queue at once; their answers are read one after another.
            IAsyncEnumerable<CompletionPiece>[] answers =
            [
                .. call.Prompts.Select((_, i) => model.CompleteAsync(call.Request(i), source.Token).Select(Wanted)),
            ];
            await (call.Stream ? StreamAsync(answers) : WriteAsync(answers));
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The server or the model is stopping: the client must not mistake a partial answer for a complete one.
            if (!context.Response.HasStarted)
            {
                throw new ApiRefusal(new ApiProblem(StatusCodes.Status503ServiceUnavailable, "The server is stopping."));
            }
            context.Abort();
        }
        finally
        {
            // Also stops answers that were never read.
            await source.CancelAsync();
        }
    }

    private async Task WriteAsync(IAsyncEnumerable<CompletionPiece>[] answers)
    {
        var choices = new List<object>();
        for (var prompt = 0; prompt < answers.Length; prompt++)
        {
            choices.AddRange(await ChoicesAsync(prompt, answers[prompt]));
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

    /// <summary>Collects all answers to one prompt.</summary>
    private async Task<IEnumerable<object>> ChoicesAsync(int prompt, IAsyncEnumerable<CompletionPiece> pieces)
    {
        var texts = Enumerable.Range(0, call.Count).Select(_ => new StringBuilder()).ToArray();
        var tokens = Enumerable.Range(0, call.Count).Select(_ => new List<AnswerToken>()).ToArray();
        var before = Enumerable.Repeat(ImmutableArray<AnswerToken>.Empty, call.Count).ToArray();
        var ends = new CompletionEnd[call.Count];
        await foreach (var piece in pieces)
        {
            texts[piece.Answer].Append(piece.Text);
            before[piece.Answer] = before[piece.Answer].AddRange(piece.Prompt);
            tokens[piece.Answer].AddRange(piece.Tokens);
            ends[piece.Answer] = piece.End ?? ends[piece.Answer];
        }

        _drawn += ends.Sum(e => e.Tokens);
        return ends.Select(
            (e, i) =>
                shape.Choice(
                    prompt * call.Count + i,
                    call.Prompts[prompt].Echo ?? "",
                    texts[i].ToString(),
                    Details(before[i], [.. tokens[i]]),
                    AnswerShape.Finish(e.Reason)
                )
        );
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
                        Details(piece.Prompt, piece.Tokens),
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
            // The status has already been sent; clients look for an error in the events.
            await SendAsync(new ApiProblem(StatusCodes.Status500InternalServerError, problem.Message).Body);
        }
    }

    private TokenDetails? Details(ImmutableArray<AnswerToken> prompt, ImmutableArray<AnswerToken> answer) =>
        call.Alternatives is null ? null : new TokenDetails(prompt, answer);

    /// <summary>If only the prompt was requested, leaves out the one token sampled after it.</summary>
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
