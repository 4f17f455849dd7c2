using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Queue;

/// <summary>A reply the model gave, and where it came from.</summary>
/// <param name="Policy">Which model; never shown.</param>
public sealed record ChatReply(string Text, string? Policy = null)
{
    /// <summary>true where it was cut at the longest length; null where it ended by itself.</summary>
    public bool? Cut { get; init; }

    public JsonObject? Sampling { get; init; }
}

/// <summary>The result of adding or deciding a turn.</summary>
public abstract record TurnResult
{
    private TurnResult() { }

    public sealed record Stored(ShownTurn Turn) : TurnResult;

    /// <summary>The turn before is undecided, the turn does not exist, or there are as many as the project wants.</summary>
    public sealed record OutOfOrder(string Reason) : TurnResult;

    public sealed record NotFound : TurnResult;
}

/// <summary>
/// Conversations with the model in chat tasks. Turns are stored as they happen, with both replies, so that a lost connection loses
/// nothing and what is judged is what the model said, not what a page claims it said.
/// </summary>
public sealed class Chats
{
    private readonly StoreDatabase _database;

    internal Chats(StoreDatabase database) => _database = database;

    /// <summary>
    /// The conversation so far as a model should continue it: the item's messages, then each turn's question and chosen reply, then
    /// <paramref name="next"/>. For the server only. Null where the lease is not this person's or the last turn is undecided.
    /// </summary>
    public Task<Prompt.Chat?> ConversationAsync(Guid lease, Guid person, string next, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            if (await FindAsync(db, lease, person, cancel) is not { } shown)
            {
                return null;
            }
            var item = await db.Tasks.Where(t => t.Id == shown.TaskId).Select(t => t.ItemId).SingleAsync(cancel);
            var content = await Contents.LoadAsync(db, item, cancel);
            var turns = await TaskPresentation.TurnsAsync(db, shown.TaskId, person, cancel);
            return turns.Any(t => t.Chosen is null)
                ? null
                : new Prompt.Chat([.. Transcript(content.Prompt, turns), new Message(Role.User, next)]);
        });

    /// <summary>Stores a turn with its replies. A turn that is already stored with the same words is returned unchanged.</summary>
    /// <param name="number">Counted from 0.</param>
    /// <param name="replies">Two, in the model's order; which is shown first is random, unless the project keeps their order.</param>
    public Task<TurnResult> AddTurnAsync(
        Guid lease,
        Guid person,
        int number,
        string user,
        ImmutableArray<ChatReply> replies,
        CancellationToken cancel
    ) =>
        _database.WriteAsync<TurnResult>(
            async writer =>
            {
                var db = writer.Db;
                if (replies.Length != 2)
                {
                    return new TurnResult.OutOfOrder($"found {replies.Length} replies; expected 2.");
                }
                if (await FindAsync(db, lease, person, cancel) is not { } shown)
                {
                    return new TurnResult.NotFound();
                }
                var turns = await TaskPresentation.TurnsAsync(db, shown.TaskId, person, cancel);
                var settings = await TaskPresentation.SettingsOfLeaseAsync(db, lease, cancel);
                if (turns.SingleOrDefault(t => t.Number == number) is { } known)
                {
                    return StoreJson.Read<string>(known.UserJson) == user
                        ? new TurnResult.Stored(TaskPresentation.Show(known))
                        : new TurnResult.OutOfOrder("this turn was taken by another message, from another tab or device.");
                }
                if (number != turns.Count || turns.Any(t => t.Chosen is null))
                {
                    return new TurnResult.OutOfOrder(
                        $"turn {number} cannot follow: there are {turns.Count} turns, and each needs its chosen reply first."
                    );
                }
                var turn = NewTurn(shown, number, user, replies, settings!.Shuffle, writer.Now);
                db.ChatTurns.Add(turn);
                return new TurnResult.Stored(TaskPresentation.Show(turn));
            },
            cancel
        );

    /// <summary>Chooses the reply with which the conversation continues; can be changed until the next turn.</summary>
    /// <param name="position">As shown.</param>
    public Task<TurnResult> ChooseAsync(Guid lease, Guid person, int number, int position, CancellationToken cancel) =>
        _database.WriteAsync<TurnResult>(
            async writer =>
            {
                var db = writer.Db;
                if (await FindAsync(db, lease, person, cancel) is not { } shown || position is < 0 or > 1)
                {
                    return new TurnResult.NotFound();
                }
                var turn = await db.ChatTurns.SingleOrDefaultAsync(
                    t => t.TaskId == shown.TaskId && t.PersonId == person && t.Number == number,
                    cancel
                );
                if (turn is null)
                {
                    return new TurnResult.NotFound();
                }
                if (await db.ChatTurns.AnyAsync(t => t.TaskId == shown.TaskId && t.PersonId == person && t.Number > number, cancel))
                {
                    return new TurnResult.OutOfOrder("the conversation has already gone on.");
                }
                turn.Chosen = TaskPresentation.Order(turn)[position];
                return new TurnResult.Stored(TaskPresentation.Show(turn));
            },
            cancel
        );

    /// <summary>The item's messages and the turns up to, and without, <paramref name="before"/>.</summary>
    internal static IEnumerable<Message> Transcript(Prompt prompt, IEnumerable<ChatTurnRow> turns, int before = int.MaxValue)
    {
        // A plain text is the task ("Ask about ..."), not a part of the conversation.
        foreach (var message in prompt is Prompt.Chat chat ? chat.Messages : [])
        {
            yield return message;
        }

        foreach (var turn in turns.Where(t => t.Number < before))
        {
            yield return new Message(Role.User, StoreJson.Read<string>(turn.UserJson));
            yield return new Message(Role.Assistant, StoreJson.Read<ImmutableArray<ChatReply>>(turn.RepliesJson)[turn.Chosen ?? 0].Text);
        }
    }

    private static ChatTurnRow NewTurn(
        PresentationRow shown,
        int number,
        string user,
        ImmutableArray<ChatReply> replies,
        bool shuffle,
        long now
    )
    {
        var seed = new Seed(unchecked((ulong)shown.Seed)).For("turn", number);
        return new ChatTurnRow
        {
            TaskId = shown.TaskId,
            PersonId = shown.PersonId,
            Number = number,
            UserJson = StoreJson.Write(user),
            RepliesJson = StoreJson.Write(replies),
            OrderJson = StoreJson.Write(ShownOrder.Of(seed, replies.Length, shuffle).Places),
            At = now,
        };
    }

    private static Task<PresentationRow?> FindAsync(FeedbackContext db, Guid lease, Guid person, CancellationToken cancel) =>
        db.Presentations.AsNoTracking().SingleOrDefaultAsync(p => p.Id == lease && p.PersonId == person, cancel);
}
