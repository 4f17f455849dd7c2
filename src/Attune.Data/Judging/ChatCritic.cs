using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Data.Judging;

/// <summary>
/// A chat model as critic (Bai et al. 2022, section 3.1): asked first what breaks the principle, then, with its critique in the
/// conversation, for a revision. A constitution's examples stand before both as turns.
/// </summary>
public sealed class ChatCritic(ChatAnswers answers, string name, Constitution constitution) : ICritic
{
    public string Name => name;

    public Task<ImmutableArray<string>> CritiqueAsync(IReadOnlyList<Draft> drafts, IProgress<int>? finished, CancellationToken cancel) =>
        AskAsync(drafts, "critique", Asked, finished, cancel);

    public Task<ImmutableArray<string>> ReviseAsync(IReadOnlyList<Draft> drafts, IProgress<int>? finished, CancellationToken cancel) =>
        AskAsync(
            drafts,
            "revision",
            d => [.. Asked(d), Said(d.Critique), .. Turn(RevisionRequest(d.Principle.RevisionRequest))],
            finished,
            cancel
        );

    private async Task<ImmutableArray<string>> AskAsync(
        IReadOnlyList<Draft> drafts,
        string purpose,
        Func<Draft, ImmutableArray<Message>> conversation,
        IProgress<int>? finished,
        CancellationToken cancel
    )
    {
        var replies = await answers.SampleAsync(
            [.. drafts.Select(d => ((Prompt)new Prompt.Chat(conversation(d)), d.Seed.For(purpose)))],
            finished,
            cancel
        );
        return [.. replies.Select(r => r.Text.Trim())];
    }

    private ImmutableArray<Message> Asked(Draft draft) =>
        [
            .. constitution.Examples.SelectMany(e =>
                (Message[])
                    [
                        .. Turn(CritiqueRequest(e.Prompt, e.Answer, e.CritiqueRequest)),
                        Said(e.Critique),
                        .. Turn(RevisionRequest(e.RevisionRequest)),
                        Said(e.Revision),
                    ]
            ),
            .. Turn(CritiqueRequest(PromptText.Of(draft.Prompt), draft.Answer, draft.Principle.CritiqueRequest)),
        ];

    private static string CritiqueRequest(string prompt, string answer, string request) =>
        $"[Prompt]\n{prompt.Trim()}\n\n[Answer]\n{answer.Trim()}\n\n[Critique request]\n{request.Trim()}";

    private static string RevisionRequest(string request) =>
        $"[Revision request]\n{request.Trim()} Reply with the revised answer and nothing else.";

    private static Message[] Turn(string text) => [new(Role.User, text)];

    private static Message Said(string text) => new(Role.Assistant, text);
}
