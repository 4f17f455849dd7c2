using System.Globalization;
using System.Text.Json;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Attune.Web.Annotation;
using Attune.Web.Configuration;
using Attune.Web.Identity;
using Attune.Web.Responses;
using Attune.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Prompt = Attune.Core.Conversations.Prompt;

namespace Attune.Web.Endpoints;

/// <summary>Messages from a person to the model, and the two replies.</summary>
internal static class ChatEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapProjectGroup("/work/{project:guid}/{lease:guid}/say", MemberRole.Annotator).MapPost("", SayAsync);

    public static IChatPolicy? Policy(HttpContext context) => context.RequestServices.GetRequiredService<WebOptions>().Policy;

    private static async Task<IResult> SayAsync(HttpContext context, FeedbackStore store, Guid lease)
    {
        var (me, cancel) = (context.User.PersonId(), context.RequestAborted);
        var fields = await Form.ReadAsync(context);
        var task = await store.Queue.FindAsync(lease, me, cancel);
        if (task is not { Kind: ProjectKind.Chat } || task.ProjectId != context.Project().Id)
        {
            return Problems.Result(context, StatusCodes.Status404NotFound, "You do not hold this task.");
        }
        if (Policy(context) is not { } policy)
        {
            return Problems.Result(
                context,
                StatusCodes.Status503ServiceUnavailable,
                "No model is running. Start the server with --model to chat."
            );
        }
        if (fields.Text("message") is not { } message || string.IsNullOrWhiteSpace(message))
        {
            return Problems.Result(context, StatusCodes.Status400BadRequest, "The message is empty.");
        }
        if (Earlier(context, task, fields, message) is { } sent)
        {
            return sent;
        }
        if (await DecideAsync(context, store, task, fields) is { } problem)
        {
            return problem;
        }
        if (await store.Chats.ConversationAsync(lease, me, message, cancel) is not { } conversation)
        {
            return Problems.Result(context, StatusCodes.Status409Conflict, "First choose the better reply.");
        }
        return await ReplyAsync(context, store, task, policy, message, conversation);
    }

    /// <summary>
    /// The page says which turn its message is. A message whose answer was lost on the way is in the conversation already, and is not said
    /// twice.
    /// </summary>
    private static IResult? Earlier(HttpContext context, AssignedTask task, FormFields fields, string message)
    {
        var turns = task.Turns.IsDefault ? [] : task.Turns;
        var turn = fields.Number("message_turn") ?? turns.Length;
        if (turn == turns.Length)
        {
            return null;
        }
        return turn >= 0 && turn < turns.Length && turns[turn].User == message
            ? WorkEndpoints.Next(context, $"/work/{task.ProjectId}/{task.LeaseId}#now")
            : Problems.Result(
                context,
                StatusCodes.Status409Conflict,
                "The conversation has gone on in another tab or on another device. Reload the page to see it; your message stays in the "
                    + "box."
            );
    }

    /// <summary>Samples two replies and stores the turn.</summary>
    private static async Task<IResult> ReplyAsync(
        HttpContext context,
        FeedbackStore store,
        AssignedTask task,
        IChatPolicy policy,
        string message,
        Prompt conversation
    )
    {
        var (lease, cancel) = (task.LeaseId, context.RequestAborted);
        var turns = task.Turns.IsDefault ? 0 : task.Turns.Length;
        var seed = new Seed(BitConverter.ToUInt64(lease.ToByteArray(), 8)).For("chat", turns);
        var replies = await policy.ReplyAsync(conversation, 2, seed.Value, cancel);
        return await store.Chats.AddTurnAsync(
            lease,
            context.User.PersonId(),
            turns,
            message,
            [.. replies.Select(r => new ChatReply(r.Text, policy.Name) { Cut = r.IsCut ? true : null })],
            cancel
        ) switch
        {
            TurnResult.Stored => WorkEndpoints.Next(context, $"/work/{task.ProjectId}/{lease}#now"),
            TurnResult.OutOfOrder order => Problems.Result(context, StatusCodes.Status409Conflict, order.Reason),
            _ => Problems.Result(context, StatusCodes.Status404NotFound, "You do not hold this task."),
        };
    }

    /// <summary>
    /// Stores the reply preferred in the last turn. How strongly it is preferred stays in the draft until the conversation is submitted.
    /// </summary>
    private static async Task<IResult?> DecideAsync(HttpContext context, FeedbackStore store, AssignedTask task, FormFields fields)
    {
        if (task.Turns.IsDefaultOrEmpty)
        {
            return null;
        }
        var last = task.Turns[^1];
        var name = "strength." + last.Number.ToString(CultureInfo.InvariantCulture);
        if (fields.Number(name) is not { } level || !Strength.IsLevel(level))
        {
            return last.Chosen is null ? Problems.Result(context, StatusCodes.Status409Conflict, "First choose the better reply.") : null;
        }
        var (me, cancel) = (context.User.PersonId(), context.RequestAborted);
        await store.Chats.ChooseAsync(task.LeaseId, me, last.Number, Strength.PrefersFirst(level) ? 0 : 1, cancel);
        var said = fields
            .Names.Where(n =>
                n.StartsWith("strength.", StringComparison.Ordinal) || n.StartsWith("comment", StringComparison.Ordinal) || n == "overall"
            )
            .Select(n => new[] { n, fields.Text(n) })
            .Where(f => f[1] is not null);
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeMilliseconds();
        using var draft = JsonSerializer.SerializeToDocument(new { fields = said, at = now });
        await store.Queue.SaveDraftAsync(task.LeaseId, me, draft.RootElement, cancel);
        return null;
    }
}
