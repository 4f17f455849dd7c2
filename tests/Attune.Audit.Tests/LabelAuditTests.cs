using System.Text.Json;
using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Audit.Truth;
using Attune.Core.Runs;
using Attune.Reports.Audits;
using Attune.Testing;

namespace Attune.Audit.Tests;

/// <summary>The audit on worlds whose truth is known, at a few seeds; studies/audit-power has many.</summary>
public sealed class LabelAuditTests
{
    private static readonly Seed Seed = new(1);

    private static AuditFinding[] Where(Func<JudgedWorld, JudgedWorld> world, Func<JudgedWorld, AuditFinding> measure, int seeds = 5) =>
        [.. Enumerable.Range(1, seeds).Select(s => measure(world(new JudgedWorld(new Seed((ulong)s)))))];

    private static int Violated(AuditFinding[] findings) => findings.Count(f => f.Verdict == AuditVerdict.Violated);

    private static FittedPrompts Fitted(JudgedWorld world) => new(PromptGroup.Of(world.Judge()), Seed);

    private static AuditFinding Fit(JudgedWorld world) => ModelFit.Saturated(Fitted(world));

    private static AuditFinding Link(JudgedWorld world) => ModelFit.Link(Fitted(world));

    private static AuditFinding Circles(JudgedWorld world) => Transitivity.Circles(PromptGroup.Of(world.Judge()), Fitted(world), Seed);

    private static AuditFinding Clusters(JudgedWorld world) => PeopleGroups.Find(PromptGroup.Of(world.Judge()), Seed).Finding;

    [Fact]
    public void Where_all_holds_alarms_are_rare()
    {
        var audits = Enumerable.Range(1, 5).Select(s => LabelAudit.Of("world", new JudgedWorld(new Seed((ulong)s)).Judge(), Seed));
        // The rate of a whole audit is 5%: two or more of five have probability 0.02.
        Assert.True(audits.Count(a => a.Findings.Any(f => f.Verdict == AuditVerdict.Violated)) <= 1);
    }

    [Fact]
    public void A_circle_is_found_by_the_fit_and_by_triads()
    {
        Assert.Equal(5, Violated(Where(w => w with { Circle = 1.5 }, Fit)));
        Assert.True(Violated(Where(w => w with { Circle = 1.5 }, Circles)) >= 4);
    }

    [Fact]
    public void People_who_know_only_the_order_bend_the_link_down()
    {
        var found = Where(w => w with { Exponent = 0 }, Link);
        Assert.Equal(5, Violated(found));
        Assert.All(found, f => Assert.True(f.Value < 0));
    }

    [Fact]
    public void What_is_shown_first_is_found() =>
        Assert.Equal(5, Violated(Where(w => w with { First = 0.4 }, w => Steadiness.Position(w.Judge()))));

    [Fact]
    public void Other_utilities_in_the_end_are_found() =>
        Assert.Equal(5, Violated(Where(w => w with { Drift = 1 }, w => Steadiness.Drift(w.Judge(), Seed))));

    [Fact]
    public void People_who_cannot_tell_are_found() =>
        Assert.Equal(5, Violated(Where(w => w with { Ties = 0.6 }, w => Steadiness.Ties(w.Judge()))));

    [Fact]
    public void People_who_answer_the_same_question_differently_are_found() =>
        Assert.Equal(5, Violated(Where(w => w with { Spread = 0.2 }, w => Steadiness.Repeats(w.Judge()))));

    [Fact]
    public void Groups_of_people_are_found_and_counted()
    {
        var found = Where(w => w with { Opposed = 0.5 }, Clusters, 3);
        Assert.Equal(3, Violated(found));
        Assert.All(found, f => Assert.StartsWith("2 groups of people (50 %, 50 %)", f.Meaning, StringComparison.Ordinal));
    }

    [Fact]
    public void A_person_who_tosses_a_coin_stands_apart()
    {
        var found = Where(w => w with { Careless = 0.125 }, w => Aggregation.Agreement(w.Judge()));
        Assert.Equal(5, Violated(found));
        Assert.All(found, f => Assert.StartsWith("1 of 8 people", f.Meaning, StringComparison.Ordinal));
    }

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

    /// <summary>Ten pairs, won early by one answer and late by the other: 2 of 2 early wins where 1 is expected; variance 1/3.</summary>
    [Fact]
    public void Drift_has_the_chi_square_worked_out_by_hand()
    {
        double[] wins = [1, 1, 0, 0];
        PairJudgement[] judgements =
        [
            .. wins.SelectMany(w => Enumerable.Range(0, 10).Select(p => new PairJudgement($"p{p}", "a", "b", w))),
        ];
        var drift = Steadiness.Drift(judgements, Seed);
        Assert.Equal(3, drift.Value!.Value, 1e-9);
        Assert.Equal(AuditVerdict.Violated, drift.Verdict);
    }

    /// <summary>Two people judge 80 pairs. In the quickest 20 of 80 of each they are at odds, in the rest of one mind: 0 of 40 less 120 of
    /// 120.</summary>
    [Theory]
    [InlineData(20, -1.0, AuditVerdict.Violated)]
    [InlineData(0, 0.0, AuditVerdict.Holds)]
    public void Judgements_in_haste_agree_less(int hasty, double difference, AuditVerdict expected)
    {
        PairJudgement[] judgements =
        [
            .. from pair in Enumerable.Range(0, 80)
            from person in new[] { "one", "two" }
            select new PairJudgement($"p{pair}", "a", "b", pair < hasty && person == "two" ? 0 : 1, person)
            {
                Active = TimeSpan.FromSeconds(1 + pair),
            },
        ];
        var haste = Haste.Measure(judgements).Single();
        Assert.Equal(difference, haste.Value!.Value, 1e-12);
        Assert.Equal(expected, haste.Verdict);
        Assert.Empty(Haste.Measure([.. judgements.Select(j => j with { Active = null })]));
    }

    [Theory]
    [InlineData(30, AuditVerdict.Violated)]
    [InlineData(8, AuditVerdict.Holds)]
    public void Questions_that_people_passed_on_are_counted(int skipped, AuditVerdict expected)
    {
        var passes = Steadiness.Passes(new Passed(100, skipped, 1, 1));
        Assert.Equal((skipped + 2) / 100.0, passes.Value!.Value, 1e-12);
        Assert.Equal(expected, passes.Verdict);
    }

    /// <summary>Whose order is not known says nothing about what was shown first.</summary>
    [Fact]
    public void Only_an_order_that_was_shown_tells_of_positions()
    {
        PairJudgement[] judgements = [.. Enumerable.Range(0, 100).Select(i => new PairJudgement($"p{i}", "a", "b", i < 80 ? 1 : 0))];
        Assert.Equal(AuditVerdict.Violated, Steadiness.Position(judgements).Verdict);
        Assert.Null(Steadiness.Position([.. judgements.Select(j => j with { IsShownOrder = false })]).Value);
    }

    /// <summary>Ten tests, one of p 0.01: 0.1 after Holm's correction.</summary>
    [Fact]
    public void One_of_many_tests_has_to_be_surer()
    {
        var finding = new AuditFinding(2, "m", 1, 0, 2, 1, 0.01, AuditVerdict.Violated, "", "do", "");
        var corrected = Finding.Corrected([finding, .. Enumerable.Repeat(finding with { P = 0.5 }, 9)]).First();
        Assert.Equal(0.1, corrected.Adjusted!.Value, 1e-9);
        Assert.Equal(AuditVerdict.Holds, corrected.Verdict);
        Assert.Empty(corrected.Remedy);
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
        var report = LabelAudit.Of("world", new JudgedWorld(Seed) { People = 3 }.Judge(), Seed);
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
