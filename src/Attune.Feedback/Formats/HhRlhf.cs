using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// Anthropic's hh-rlhf (Bai et al. 2022): two transcripts, chosen and rejected. Two fields are our own, and other readers of the format
/// ignore them: strength (1 to 8 with the chosen answer first, so 1 to 4) and annotator. The format cannot hold ties.
/// </summary>
internal sealed class HhRlhf : IExchangeFormat
{
    public string Name => "hh-rlhf";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Comparison];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Comparison;

    public bool Fits(JsonObject row) =>
        !row.ContainsKey("prompt")
        && row["chosen"] is JsonValue chosen
        && row["rejected"] is JsonValue
        && chosen.TryGetValue<string>(out var text)
        && text.Contains(Conversations.LastTurn, StringComparison.Ordinal);

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var pair = context.Read<Preference>();
        var strength = row["strength"]?.Whole("strength");
        if (strength is < 1 or > 4)
        {
            throw new RowException("strength", $"found {strength}; expected 1 (the chosen one is much better) to 4 (slightly better).");
        }
        row.Empty("chosen", "rejected", "strength", "annotator");
        yield return new ReadRow(
            new ItemContent(pair.Prompt, [new Candidate(pair.Chosen), new Candidate(pair.Rejected)]),
            new ExistingLabel(pair.Annotator, new ComparisonJudgement(Pick.First, strength)) { Extras = RowFrame.Keep(Name, row) }
        );
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels.Where(l => l.Judgement is ComparisonJudgement { Pick: Pick.First or Pick.Second }))
        {
            var comparison = (ComparisonJudgement)label.Judgement!;
            var frame = RowFrame.Of(label.Extras, Name);
            var row = frame ?? [];
            var prompt = Conversations.Transcript(label.Item.Prompt);
            var isTranscript = label.Item.Prompt is Prompt.Text && prompt.EndsWith(Conversations.LastTurn, StringComparison.Ordinal);
            if (frame is null && label.Item.Prompt is Prompt.Text && !isTranscript)
            {
                prompt = $"\n\nHuman: {prompt}{Conversations.LastTurn}";
            }
            // The format's replies begin after a space, so ours do too.
            var space = frame is null && !isTranscript ? " " : "";
            var (first, second) = (prompt + space + label.Item.Candidates[0].Text, prompt + space + label.Item.Candidates[1].Text);
            (row["chosen"], row["rejected"]) = comparison.Pick == Pick.First ? (first, second) : (second, first);
            if (comparison.Strength is { } level && (frame is null || frame.ContainsKey("strength")))
            {
                row["strength"] = Strength.PrefersFirst(level) ? level : Strength.Swap(level);
            }
            if (frame is null || frame.ContainsKey("annotator"))
            {
                row["annotator"] = label.Annotator;
            }
            yield return row;
        }
    }
}
