using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>The texts of a record, whatever its kind.</summary>
/// <param name="Prompt">Null for a document.</param>
/// <param name="Parts">Each text by the name of its field; those of a list under the field's name.</param>
public sealed record RowTexts(Prompt? Prompt, ImmutableArray<(string Name, string Text)> Parts)
{
    /// <exception cref="ArgumentException">It is no record of a data set.</exception>
    public static RowTexts Of(object row) =>
        row switch
        {
            Document document => new(null, [("text", document.Text)]),
            Prompt prompt => new(prompt, []),
            Demonstration demonstration => new(demonstration.Prompt, [("completion", demonstration.Reply?.Said() ?? demonstration.Answer)]),
            Preference pair => new(pair.Prompt, [("chosen", pair.Chosen), ("rejected", pair.Rejected)]),
            Verdict verdict => new(verdict.Prompt, [("completion", verdict.Answer)]),
            Rating rating => new(rating.Prompt, [("completion", rating.Answer)]),
            StepLabels steps => new(steps.Prompt, [("completion", string.Join('\n', steps.Steps.Select(s => s.Text)))]),
            SpanLabels spans => new(spans.Prompt, [("answer", spans.Answer)]),
            Choice choice => new(choice.Prompt, [.. choice.Answers.Select(a => ("answers", a))]),
            Ranking ranking => new(ranking.Prompt, [.. ranking.Answers.Select(a => ("answers", a))]),
            _ => throw new ArgumentException($"{row.GetType().Name} is no record of a data set.", nameof(row)),
        };

    /// <summary>All its texts in their order, those of a conversation one by one.</summary>
    public IEnumerable<string> All =>
        (
            Prompt switch
            {
                Prompt.Chat chat => chat.Messages.Select(m => m.Content),
                Prompt.Text text => [text.Value],
                _ => [],
            }
        ).Concat(Parts.Select(p => p.Text));

    /// <summary>Equal for rows with equal texts.</summary>
    public string Key => string.Join('\u001d', Parts.Select(p => p.Text).Prepend(Prompt?.Key ?? ""));
}
