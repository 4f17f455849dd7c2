using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>
/// A question and its answer in columns of text: Alpaca {instruction, input, output}, question and answer (GSM8K), Dolly, distilabel, with
/// a chosen and a rejected answer beside or in place of the answer, or with a verdict on it. The question is what a user says.
/// </summary>
internal sealed class InstructionRows : IRowLayout
{
    private static readonly ImmutableArray<string> Questions = ["instruction", "question", "query", "problem", PromptField.Name, "input"];
    private static readonly ImmutableArray<string> Answers = ["output", "response", "completion", "generation", "solution", "answer"];
    private static readonly ImmutableArray<string> Systems = ["system", "system_prompt"];
    private static readonly ImmutableArray<(string Chosen, string Rejected)> Pairs =
    [
        ("chosen", "rejected"),
        ("chosen_response", "rejected_response"),
    ];

    public LaidOut? Fit(ColumnSample columns)
    {
        if (columns.FirstText(Questions) is not { } question || IsOwn(columns))
        {
            return null;
        }

        // The column named first may be the context of another one, and must not be the answer too.
        var answer = columns.FirstText(Answers.Where(a => a != question));
        var pair = Pairs.FirstOrDefault(p => columns.IsText(p.Chosen) && columns.IsText(p.Rejected));
        if (answer is null && pair.Chosen is null)
        {
            return null;
        }

        var verdict = answer is null ? null : ConversationRows.Verdicts.FirstOrDefault(columns.IsFlag);
        ImmutableArray<string> contexts = question == Questions[0] ? ["input", "context"] : [];
        ImmutableArray<string> used =
        [
            .. new[] { question, contexts.FirstOrDefault(columns.IsText), answer, pair.Chosen, pair.Rejected, verdict }.OfType<string>(),
        ];
        return new LaidOut(
            $"questions and answers {{{string.Join(", ", used)}}}",
            Kinds(question, answer, pair.Chosen, verdict),
            [.. used.Union(contexts).Union(Systems).Append("history")],
            (row, kind) => [Read(row, kind, PromptOf(row, question, contexts), answer!, pair, verdict!)]
        );
    }

    /// <summary>Rows of TRL's kinds are read as they are, and conversations before their texts.</summary>
    private static bool IsOwn(ColumnSample columns) =>
        columns.IsMessages("messages")
        || (columns.Named(PromptField.Name) && (columns.Named("completion") || columns.Named("chosen")))
        || columns.Named("spans")
        || columns.Named("answers")
        || columns.Named("completions");

    private static ImmutableArray<DatasetKind> Kinds(string question, string? answer, string? chosen, string? verdict) =>
        [
            .. chosen is null ? Array.Empty<DatasetKind>() : [DatasetKind.Preference],
            .. answer is null ? Array.Empty<DatasetKind>()
            : verdict is null ? [DatasetKind.PromptCompletion]
            : [DatasetKind.UnpairedPreference],
            // A column "prompt" is a prompt as it stands.
            .. question == PromptField.Name ? Array.Empty<DatasetKind>() : [DatasetKind.PromptOnly],
        ];

    private static object Read(
        RowFields row,
        DatasetKind kind,
        Prompt prompt,
        string answer,
        (string Chosen, string Rejected) pair,
        string verdict
    ) =>
        kind switch
        {
            DatasetKind.Preference => new Preference(prompt, row.Text(pair.Chosen), row.Text(pair.Rejected)),
            DatasetKind.UnpairedPreference => new Verdict(prompt, row.Text(answer), row.Flag(verdict)),
            DatasetKind.PromptOnly => prompt,
            _ => new Demonstration(prompt, row.Text(answer)),
        };

    private static Prompt.Chat PromptOf(RowFields row, string question, ImmutableArray<string> contexts)
    {
        var messages = ImmutableArray.CreateBuilder<Message>();
        if (Systems.FirstOrDefault(s => row.TextOrNull(s) is { Length: > 0 }) is { } system)
        {
            messages.Add(new Message(Role.System, row.Text(system)));
        }

        foreach (var (i, turn) in (row.Has("history") ? row.List("history") : []).Index())
        {
            if (turn.ValueKind != JsonValueKind.Array || turn.GetArrayLength() != 2)
            {
                row.Fail($"history[{i}]", $"found {ValueDescription.Of(turn)}; expected a list of a question and its answer.");
                continue;
            }

            messages.Add(new Message(Role.User, row.Text(turn[0], $"history[{i}][0]")));
            messages.Add(new Message(Role.Assistant, row.Text(turn[1], $"history[{i}][1]")));
        }

        var context = contexts.Select(row.TextOrNull).FirstOrDefault(c => !string.IsNullOrWhiteSpace(c));
        messages.Add(new Message(Role.User, row.Text(question) + (context is null ? "" : "\n" + context)));
        return new Prompt.Chat(messages.ToImmutable());
    }
}
