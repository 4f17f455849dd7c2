using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>AlpacaFarm's preferences (Dubois et al. 2023): an instruction, perhaps an input, two outputs, and which is preferred.</summary>
internal sealed class AlpacaFarm : IExchangeFormat
{
    public string Name => "alpaca-farm";
    public ImmutableArray<ProjectKind> Writes => [ProjectKind.Comparison];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Comparison;

    public bool Fits(JsonObject row) => row.ContainsKey("output_1") && row.ContainsKey("output_2");

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var input = row.TextOrNull("input") ?? "";
        var prompt = row.Text("instruction") + (input.Length == 0 ? "" : "\n\n" + input);
        var pick = row["preference"].Whole("preference") switch
        {
            1 => Pick.First,
            2 => Pick.Second,
            var other => throw new RowException("preference", $"found {other}; expected 1 or 2."),
        };
        var content = new ItemContent(new Prompt.Text(prompt), [new Candidate(row.Text("output_1")), new Candidate(row.Text("output_2"))]);
        row.Empty("output_1", "output_2", "preference");
        yield return new ReadRow(content, new ExistingLabel(null, new ComparisonJudgement(pick)) { Extras = RowFrame.Keep(Name, row) });
    }

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context)
    {
        foreach (var label in labels)
        {
            if (label.Judgement is not ComparisonJudgement { Pick: Pick.First or Pick.Second } comparison)
            {
                continue;
            }
            var row =
                RowFrame.Of(label.Extras, Name)
                ?? new JsonObject { ["instruction"] = Conversations.Transcript(label.Item.Prompt), ["input"] = "" };
            (row["output_1"], row["output_2"]) = (label.Item.Candidates[0].Text, label.Item.Candidates[1].Text);
            row["preference"] = comparison.Pick == Pick.First ? 1 : 2;
            yield return row;
        }
    }
}
