using System.Text.Json;
using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Core.Runs;
using Attune.Reports.Audits;
using Attune.Testing;

namespace Attune.Audit.Tests;

/// <summary>The audit on worlds whose truth is known, at a few seeds; the study has many.</summary>
public sealed class LabelAuditTests
{
    private static readonly Seed Seed = new(1);

    private static AuditFinding[] Where(World world, Func<World, AuditFinding> measure, int seeds = 10) =>
        [.. Enumerable.Range(1, seeds).Select(s => measure(world with { Seed = (ulong)s }))];

    private static int Violated(AuditFinding[] findings) => findings.Count(f => f.Verdict == AuditVerdict.Violated);

    private static AuditFinding Fit(World world) => ModelFit.Saturated(PromptGroup.Of(world.Judge()), Seed);

    private static AuditFinding Position(World world) => Transitivity.Position(world.Judge());

    private static AuditFinding Clusters(World world) => Aggregation.Clusters(PromptGroup.Of(world.Judge()), Seed);

    [Fact]
    public void Where_all_holds_alarms_are_rare()
    {
        var world = new World(1);
        Assert.True(Violated(Where(world, Fit)) <= 2);
        Assert.True(Violated(Where(world, Position)) <= 2);
        Assert.True(Violated(Where(world with { People = 8 }, Clusters, 4)) <= 1);
    }

    [Fact]
    public void A_circle_is_found_by_the_fit() => Assert.True(Violated(Where(new World(1) { Circle = 0.6 }, Fit)) >= 9);

    [Fact]
    public void A_circle_is_found_by_triads()
    {
        var judgements = new World(1) { Circle = 3, Answers = 5 }.Judge();
        var circles = Transitivity.Circles(PromptGroup.Of(judgements), Seed);
        Assert.Equal(AuditVerdict.Violated, circles.Verdict);
        // A regular tournament of five has five circles of ten triads.
        Assert.Equal(0.5, circles.Value!.Value, 1e-9);
    }

    [Fact]
    public void What_is_shown_first_is_found() => Assert.True(Violated(Where(new World(1) { First = 0.4 }, Position)) >= 9);

    [Fact]
    public void Two_groups_of_people_are_found() =>
        Assert.Equal(4, Violated(Where(new World(1) { TwoGroups = true, People = 8 }, Clusters, 4)));

    /// <summary>The longer answer wins 80 of 100, always four times as long: log-odds log 4 for two doublings.</summary>
    [Fact]
    public void Length_has_the_log_odds_worked_out_by_hand()
    {
        PairJudgement[] judgements =
        [
            .. Enumerable.Range(0, 100).Select(i => new PairJudgement($"p{i}", new string('x', 31), new string('y', 7), i < 80 ? 1 : 0)),
        ];
        var length = Surface
            .Measure(judgements)
            .Single(f => f.Measure.StartsWith("length", StringComparison.Ordinal) && f.Value is not null);
        Assert.Equal(Math.Log(4) / 2, length.Value!.Value, 1e-9);
        Assert.Equal(AuditVerdict.Violated, length.Verdict);
    }

    [Fact]
    public void What_cannot_be_told_is_said()
    {
        var report = LabelAudit.Of("two", [new PairJudgement("p", "a", "b", 1)], Seed);
        Assert.All(report.Findings, f => Assert.Equal(AuditVerdict.CannotTell, f.Verdict));
        Assert.StartsWith("these data cannot tell", report.Sentence(2), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_and_the_json_hold_every_finding()
    {
        using var folder = new TemporaryFolder();
        var report = LabelAudit.Of("world", new World(1) { People = 3 }.Judge(), Seed);
        report.Write(folder.Path);
        var page = File.ReadAllText(folder.File("audit.html"));
        using var json = JsonDocument.Parse(File.ReadAllText(folder.File("audit.json")));
        Assert.Equal(report.Findings.Length, json.RootElement.GetProperty("findings").GetArrayLength());
        Assert.All(
            report.Findings,
            f =>
                Assert.Contains(
                    f.Measure.Replace("'", "&#39;", StringComparison.Ordinal),
                    page.Replace("’", "'", StringComparison.Ordinal).Replace("&apos;", "&#39;", StringComparison.Ordinal),
                    StringComparison.Ordinal
                )
        );
    }
}
