using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Web.Annotation;
using CsCheck;
using Microsoft.Extensions.Primitives;

namespace Attune.Web.Tests.Annotation;

public sealed class FormTests
{
    private static readonly ImmutableArray<string> Missing = ["Missing-Answer", "Missing-Major-Auxiliary"];

    public static TheoryData<ProjectKind, Judgement> Judgements =>
        new()
        {
            { ProjectKind.Comparison, ComparisonJudgement.OfStrength(3, "better\nby far 👍") },
            { ProjectKind.Comparison, new ComparisonJudgement(Pick.Tie) },
            { ProjectKind.Ranking, new RankingJudgement([2, 1, 2]) },
            { ProjectKind.BestOf, new ChoiceJudgement(null) },
            {
                ProjectKind.BestOf,
                new ChoiceJudgement(3) { Comment = "c" }
            },
            { ProjectKind.Steps, new StepsJudgement([1, 0, -1], FinishReason.FoundError, "right") },
            {
                ProjectKind.Spans,
                new SpansJudgement(
                    [new AnswerSpan(0, 4, "Irrelevant", "why")],
                    [new MissingInformation("Missing-Major-Auxiliary", 1, [0, 2])],
                    "corrected"
                )
            },
            { ProjectKind.Rating, new RatingJudgement(0.25, "because") },
            {
                ProjectKind.Chat,
                new ChatJudgement([new TurnJudgement(0, 8, "why"), new TurnJudgement(1, 1)], 5) { Comment = "all" }
            },
        };

    [Theory]
    [MemberData(nameof(Judgements))]
    public void A_judgement_taken_back_fills_a_form_that_says_the_same(ProjectKind kind, Judgement judgement)
    {
        var draft = DraftFields.Of(JsonSerializer.SerializeToElement(judgement, StoreJson.Options), Missing);
        var form = DraftFields
            .Read(draft)
            .GroupBy(f => f.Name)
            .ToDictionary(g => g.Key, g => new StringValues([.. g.Select(f => f.Value)]));
        Assert.Equal(judgement, JudgementForm.Read(kind, form));
    }

    [Theory]
    [InlineData(ProjectKind.Comparison, "strength", "", "eight levels")]
    [InlineData(ProjectKind.Comparison, "strength", "two", "whole number")]
    [InlineData(ProjectKind.Ranking, "rank.1", "1", "rank for every answer")]
    [InlineData(ProjectKind.Ranking, "rank.5000000", "1", "at most")]
    [InlineData(ProjectKind.Spans, "spans", "[{", "list of marks")]
    [InlineData(ProjectKind.Rating, "value", "NaN", "expected a number")]
    public void A_field_that_is_missing_or_wrong_is_named(ProjectKind kind, string field, string value, string says)
    {
        var problem = Assert.Throws<DataException>(() =>
            JudgementForm.Read(kind, new Dictionary<string, StringValues> { [field] = value })
        );
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        ProjectKind.Comparison,
        """{"prompt": "q", "answers": ["a", "b"], "expected": 2}""",
        """{"kind": "comparison", "pick": "first", "strength": 2}"""
    )]
    [InlineData(
        ProjectKind.Ranking,
        """{"prompt": "q", "answers": ["a", "b"], "expected": [2, 1]}""",
        """{"kind": "ranking", "ranks": [2, 1]}"""
    )]
    [InlineData(
        ProjectKind.Steps,
        """{"prompt": "q", "completions": ["a", "b"], "expected": [1, -1]}""",
        """{"kind": "steps", "ratings": [1, -1], "finish": "found_error"}"""
    )]
    [InlineData(
        ProjectKind.BestOf,
        """{"prompt": "q", "answers": ["a", "b"], "expected": {"kind": "choice", "best": 1}}""",
        """{"kind": "choice", "best": 1}"""
    )]
    public void Rows_whose_judgement_is_known_are_gold(ProjectKind kind, string row, string judgement)
    {
        using var folder = new Testing.TemporaryFolder();
        var plain = row.Replace("\"q\"", "\"p\"", StringComparison.Ordinal);
        var items = Web.Projects.ItemFile.Read(
            folder.WriteText("items.jsonl", row + "\n" + plain[..plain.IndexOf(", \"expected\"", StringComparison.Ordinal)] + "}\n"),
            kind
        );
        Assert.Equal(JsonSerializer.Deserialize<Judgement>(judgement, StoreJson.Options), items[0].Expected);
        Assert.Null(items[1].Expected);
        var attention = Web.Projects.ItemFile.Read(
            folder.WriteText(
                "attention.jsonl",
                row.Replace("\"expected\"", "\"gold\": \"attention\", \"expected\"", StringComparison.Ordinal)
            ),
            kind
        );
        Assert.Equal(GoldKind.Attention, attention[0].GoldKind);
        var bad = Assert.Throws<DataException>(() =>
            Web.Projects.ItemFile.Read(
                folder.WriteText(
                    "bad.jsonl",
                    plain + "\n" + plain[..plain.IndexOf(", \"expected\"", StringComparison.Ordinal)] + ", \"expected\": \"good\"}"
                ),
                kind
            )
        );
        Assert.Contains("line 2", bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Items_come_from_a_table_too()
    {
        using var folder = new Testing.TemporaryFolder();
        var items = Web.Projects.ItemFile.Read(
            folder.WriteText("items.csv", "id;prompt;answers\n7;How was it?;\"[\"\"Good.\"\", \"\"Bad.\"\"]\"\n"),
            ProjectKind.Comparison
        );
        Assert.Equal(["Good.", "Bad."], Assert.Single(items).Content.Candidates.Select(c => c.Text));
        Assert.Equal("7", items[0].Content.ExternalId);

        var pairs = Web.Projects.ItemFile.Read(folder.WriteText("pairs.csv", "prompt,chosen,rejected\nHow?,a,b\n"), ProjectKind.Comparison);
        Assert.Equal(["a", "b"], Assert.Single(pairs).Content.Candidates.Select(c => c.Text).Order());
    }

    [Fact]
    public void No_two_actions_of_a_page_have_one_key()
    {
        foreach (var kind in Enum.GetValues<ProjectKind>())
        {
            var keys = KeyMap.For(kind, 9, ties: true).SelectMany(a => a.Keys.Split(' ')).ToArray();
            Assert.Equal(keys.Length, keys.Distinct().Count());
            Assert.DoesNotContain(keys, k => k is "Backspace" or "Delete");
        }
    }

    [Fact]
    public void Guidelines_are_blocks_of_text()
    {
        var blocks = ProseBlock.Of("# Title\nOne\nline.\n\n- a\n* b\n1. first");
        Assert.Equal([ProseKind.Heading, ProseKind.Paragraph, ProseKind.List, ProseKind.Numbers], blocks.Select(b => b.Kind));
        Assert.Equal(["Title", "One line.", "a b", "first"], blocks.Select(b => string.Join(' ', b.Lines)));
    }
}
