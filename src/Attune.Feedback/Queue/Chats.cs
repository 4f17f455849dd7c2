using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback;

/// <summary>A reply the model gave, and where it came from.</summary>
/// <param name="Policy">Which model; never shown.</param>
public sealed record ChatReply(string Text, string? Policy = null)
{
    public JsonObject? Sampling { get; init; }
}

/// <summary>What adding or deciding a turn gives.</summary>
public abstract record TurnResult
{
    private TurnResult() { }

    public sealed record Stored(ShownTurn Turn) : TurnResult;

    /// <summary>The turn before is undecided, the turn does not exist, or there are as many as the project wants.</summary>
    public sealed record OutOfOrder(string Reason) : TurnResult;

    public sealed record NotFound : TurnResult;
}

/// <summary>
/// Conversations with the model inside chat tasks. Turns are stored as they happen, with both replies, so that a lost connection loses
/// nothing and what is judged is what the model said, not what a page claims it said.
/// </summary>
public sealed class Chats
{
    private readonly FeedbackStore _store;

    internal Chats(FeedbackStore store) => _store = store;

    /// <summary>
    /// The conversation so far as a model should continue it: the item's messages, then each turn's question and chosen reply, then
    /// <paramref name="next"/>. For the server only. Null where the lease is not this person's or the last turn is undecided.
    /// </summary>
    public Task<Prompt.Chat?> ConversationAsync(Guid lease, Guid person, string next, CancellationToken cancel) =>
        _store.ReadAsync(async db =>
        {
            if (await FindAsync(db, lease, person, cancel) is not { } shown)
            {
                return null;
            }
            var item = await db.Tasks.Where(t => t.Id == shown.TaskId).Select(t => t.ItemId).SingleAsync(cancel);
            var content = await Contents.LoadAsync(db, item, cancel);
            var turns = await Presenting.TurnsAsync(db, shown.TaskId, person, cancel);
            return turns.Any(t => t.Chosen is null)
                ? null
                : new Prompt.Chat([.. Transcript(content.Prompt, turns), new Message(Core.Conversations.Role.User, next)]);
        });

    /// <summary>Stores a turn with its replies. A turn that is there already stays as it is and is given back.</summary>
    /// <param name="number">Counted from 0.</param>
    /// <param name="replies">Two, in the model's order; which is shown first is drawn, unless the project keeps their order.</param>
    public Task<TurnResult> AddTurnAsync(
        Guid lease,
        Guid person,
        int number,
        string user,
        ImmutableArray<ChatReply> replies,
        CancellationToken cancel
    ) =>
        _store.WriteAsync<TurnResult>(
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
                var turns = await Presenting.TurnsAsync(db, shown.TaskId, person, cancel);
                var settings = await Presenting.SettingsOfLeaseAsync(db, lease, cancel);
                if (turns.SingleOrDefault(t => t.Number == number) is { } known)
                {
                    return new TurnResult.Stored(Presenting.Show(known));
                }
                if (number != turns.Count || turns.Any(t => t.Chosen is null))
                {
                    return new TurnResult.OutOfOrder(
                        $"turn {number} cannot follow: there are {turns.Count}, and each must have its reply chosen first."
                    );
                }
                var order = ShownOrder
                    .Of(new Seed(unchecked((ulong)shown.Seed)).For("turn", number), replies.Length, settings!.Shuffle)
                    .Places;
                var turn = new ChatTurnRow
                {
                    TaskId = shown.TaskId,
                    PersonId = person,
                    Number = number,
                    UserJson = StoreJson.Write(user),
                    RepliesJson = StoreJson.Write(replies),
                    OrderJson = StoreJson.Write(order),
                    At = writer.Now,
                };
                db.ChatTurns.Add(turn);
                return new TurnResult.Stored(Presenting.Show(turn));
            },
            cancel
        );

    /// <summary>Decides which reply the conversation goes on with; can be changed until the next turn.</summary>
    /// <param name="position">As shown.</param>
    public Task<TurnResult> ChooseAsync(Guid lease, Guid person, int number, int position, CancellationToken cancel) =>
        _store.WriteAsync<TurnResult>(
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
                    return new TurnResult.OutOfOrder("the conversation has gone on already.");
                }
                turn.Chosen = Presenting.Order(turn)[position];
                return new TurnResult.Stored(Presenting.Show(turn));
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
            yield return new Message(Core.Conversations.Role.User, StoreJson.Read<string>(turn.UserJson));
            yield return new Message(
                Core.Conversations.Role.Assistant,
                StoreJson.Read<ImmutableArray<ChatReply>>(turn.RepliesJson)[turn.Chosen ?? 0].Text
            );
        }
    }

    private static Task<PresentationRow?> FindAsync(FeedbackContext db, Guid lease, Guid person, CancellationToken cancel) =>
        db.Presentations.AsNoTracking().SingleOrDefaultAsync(p => p.Id == lease && p.PersonId == person, cancel);
}
