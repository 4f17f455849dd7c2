using System.Collections.Immutable;
using System.Security.Cryptography;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Quality;
using Attune.Feedback.Queue;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Snapshots;

/// <summary>Chats as comparisons: each turn compares two replies to the conversation so far.</summary>
internal sealed class ChatPairs(ILookup<(Guid Task, Guid Person), ChatTurnRow> turns, Dictionary<Guid, ItemContent> contents)
{
    public static async Task<ChatPairs> LoadAsync(
        FeedbackContext db,
        Guid project,
        IReadOnlyList<(Guid Task, ItemContent Content)> contents,
        CancellationToken cancel
    )
    {
        var rows = await db
            .ChatTurns.AsNoTracking()
            .Where(c => db.Tasks.Any(t => t.Id == c.TaskId && t.ProjectId == project))
            .OrderBy(c => c.Number)
            .ToListAsync(cancel);
        return new ChatPairs(rows.ToLookup(r => (r.TaskId, r.PersonId)), contents.ToDictionary(c => c.Task, c => c.Content));
    }

    /// <summary>Prompt and replies of each turn, replies in the model's order.</summary>
    public ImmutableArray<(Prompt Prompt, ChatReply First, ChatReply Second)> Turns(Guid task, Guid person)
    {
        var own = turns[(task, person)].ToArray();
        return
        [
            .. own.Select(t =>
            {
                var replies = StoreJson.Read<ImmutableArray<ChatReply>>(t.RepliesJson);
                var question = new Message(Role.User, StoreJson.Read<string>(t.UserJson));
                return (
                    (Prompt)new Prompt.Chat([.. Chats.Transcript(contents[task].Prompt, own, t.Number), question]),
                    replies[0],
                    replies[1]
                );
            }),
        ];
    }

    public IEnumerable<(ItemContent Content, ComparisonJudgement Judgement, Guid Id)> Comparisons(StandingLabel label)
    {
        var own = Turns(label.TaskId, label.PersonId);
        foreach (var turn in ((ChatJudgement)label.Judgement).Turns)
        {
            var (prompt, first, second) = own[turn.Turn];
            yield return (
                new ItemContent(prompt, [Answer(first), Answer(second)]),
                ComparisonJudgement.OfStrength(turn.Strength, turn.Comment),
                TurnId(label.RevisionId, turn.Turn)
            );
        }
    }

    public static Candidate Answer(ChatReply reply) => new(reply.Text) { IsCut = reply.Cut == true, Policy = reply.Policy };

    /// <summary>The same for the same turn, so that repeated exports are equal.</summary>
    private static Guid TurnId(Guid revision, int turn) => new(SHA256.HashData([.. revision.ToByteArray(), (byte)turn]).AsSpan(0, 16));
}
