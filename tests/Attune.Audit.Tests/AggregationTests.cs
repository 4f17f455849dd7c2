using System.Text.Json;
using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Audit.Truth;
using Attune.Core.Runs;
using Attune.Reports.Audits;
using Attune.Testing;

namespace Attune.Audit.Tests;

/// <summary>Votes of people beside the order of all judgements, and what groups lose, on figures worked out by hand and on worlds whose
/// truth is known.</summary>
public sealed class AggregationTests
{
    private static readonly Seed Seed = new(1);
    private static readonly string[] Answers = ["a", "b", "c"];

    /// <summary>Each person's order of the answers, said so many times.</summary>
    private static IEnumerable<PairJudgement> Ranked(string person, string order, int times, int prompts = 1) =>
        from prompt in Enumerable.Range(0, prompts)
        from _ in Enumerable.Range(0, times)
        from i in Enumerable.Range(0, 3)
        from j in Enumerable.Range(i + 1, 2 - i)
        let one = order[i].ToString()
        let other = order[j].ToString()
        select new PairJudgement($"p{prompt}", one, other, 1, person);

    private static AuditFinding Against(IEnumerable<PairJudgement> judgements) => Votes.Against(PromptGroup.Of(judgements), Seed);

    /// <summary>Three people like a best and one, who judges ten times as often, likes it least: all judgements put c first (it wins 10 of
    /// 13 against a and against b), three of four people put it last.</summary>
    [Fact]
    public void Who_judges_often_decides_the_order_of_all_but_not_a_vote()
    {
        PairJudgement[] judgements =
        [
            .. new[] { "one", "two", "three" }.SelectMany(person => Ranked(person, "abc", 1, 8)),
            .. Ranked("loud", "cba", 10, 8),
        ];
        var finding = Against(judgements);
        Assert.Equal(1, finding.Value);
        Assert.Equal(AuditVerdict.Violated, finding.Verdict);
        Assert.Contains("in 8 of 8 prompts", finding.Meaning, StringComparison.Ordinal);
        Assert.EndsWith("it loses every majority in 8", finding.Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void People_of_one_mind_put_first_what_wins_the_vote()
    {
        var finding = Against(new[] { "one", "two", "three" }.SelectMany(person => Ranked(person, "abc", 2, 4)));
        Assert.Equal(0, finding.Value);
        Assert.Equal(AuditVerdict.Holds, finding.Verdict);
    }

    /// <summary>Borda's example of 1770 in small: a leads in points against b in a vote. Three of five people say a, b, c and two b, c, a:
    /// a wins every majority 3 to 2, while b has 7 points and a has 6.</summary>
    [Fact]
    public void Points_and_majorities_may_choose_different_answers()
    {
        PairJudgement[] judgements =
        [
            .. new[] { "one", "two", "three" }.SelectMany(person => Ranked(person, "abc", 1)),
            .. new[] { "four", "five" }.SelectMany(person => Ranked(person, "bca", 1)),
        ];
        var ballots = Ballots.Of(PromptGroup.Of(judgements).Single());
        Assert.Equal(0, ballots.Votes.CondorcetWinner);
        Assert.Equal([0.6, 0.7, 0.2], ballots.Votes.BordaShares.Select(s => Math.Round(s, 12)));
        // Strengths follow the points where all pairs have the same number of judgements.
        Assert.Equal(1, Array.IndexOf(ballots.Strengths, ballots.Strengths.Max()));
    }

    /// <summary>Opposed people who judge four times as often: the order of all judgements is theirs.</summary>
    [Fact]
    public void A_loud_minority_is_found()
    {
        var found = Enumerable
            .Range(1, 5)
            .Select(s =>
                Against(
                    new JudgedWorld(new Seed((ulong)s))
                    {
                        Opposed = 0.25,
                        Loud = 4,
                        Repeats = 1,
                    }.Judge()
                )
            )
            .ToArray();
        Assert.True(found.Count(f => f.Verdict == AuditVerdict.Violated) >= 4);
    }

    /// <summary>At a level of 5%, more than six of forty alarms have probability 0.0008.</summary>
    [Fact]
    public void Where_all_are_of_one_mind_alarms_about_votes_are_rare()
    {
        var alarms = Enumerable
            .Range(1, 40)
            .Count(s => Against(new JudgedWorld(new Seed((ulong)s)) { Repeats = 1 }.Judge()).Verdict == AuditVerdict.Violated);
        Assert.InRange(alarms, 0, 6);
    }

    private static AuditFinding Regret(
        IEnumerable<PairJudgement> judgements,
        Func<PromptGroup, double[]> choose,
        Dictionary<string, int> people
    ) => GroupRegret.Measure(PromptGroup.Of(judgements), people, "reward", choose, Seed);

    private static readonly Dictionary<string, int> TwoGroups = new() { ["one"] = 0, ["two"] = 1 };

    /// <summary>Both halves of a group's judgements say a thousand times that the same answer is better, so that the prior does not count:
    /// each half has 750 wins of 1,000, strengths ±½ log 3, and the choice of the other answer costs log 3.</summary>
    [Fact]
    public void Regret_is_worked_out_by_hand()
    {
        IEnumerable<PairJudgement> Said(string person, string better, string worse) =>
            from prompt in Enumerable.Range(0, 8)
            from i in Enumerable.Range(0, 2000)
            select new PairJudgement($"p{prompt}", better, worse, i % 4 == 0 ? 0 : 1, person);
        var finding = Regret(
            [.. Said("one", "a", "b"), .. Said("two", "b", "a")],
            prompt => [.. prompt.Answers.Select(a => a == "a" ? 1.0 : 0)],
            TwoGroups
        );
        Assert.Equal(Math.Log(3), finding.Value!.Value, 0.05);
        Assert.Equal(AuditVerdict.Violated, finding.Verdict);
        // A policy that chooses both answers equally often costs both groups half of that.
        var even = Regret([.. Said("one", "a", "b"), .. Said("two", "b", "a")], _ => [0.5, 0.5], TwoGroups);
        Assert.Equal(Math.Log(3) / 2, even.Value!.Value, 0.05);
        Assert.Equal(AuditVerdict.Holds, even.Verdict);
    }

    /// <summary>Two groups with utilities of their own, and a choice at random, which serves both equally badly: at a level of 5%, more
    /// than six of forty alarms have probability 0.0008.</summary>
    [Fact]
    public void Where_groups_are_served_equally_alarms_about_regret_are_rare()
    {
        var people = Enumerable.Range(0, 8).ToDictionary(p => $"person {p}", p => p % 2);
        var alarms = Enumerable
            .Range(1, 40)
            .Select(s => new JudgedWorld(new Seed((ulong)s)) { Groups = 2 }.Judge())
            .Count(judged =>
                Regret(judged, p => [.. p.Answers.Select(_ => 1.0 / p.Answers.Count)], people).Verdict == AuditVerdict.Violated
            );
        Assert.InRange(alarms, 0, 6);
    }

    /// <summary>The reward of the first group alone costs the second one.</summary>
    [Fact]
    public void A_reward_for_one_group_costs_the_other()
    {
        foreach (var seed in Enumerable.Range(1, 5))
        {
            var judged = new JudgedWorld(new Seed((ulong)seed)) { Groups = 2 }.Judge();
            double[] Best(PromptGroup prompt)
            {
                var strengths = Ballots.Of(prompt, person => int.Parse(person!.AsSpan(7), null) % 2 == 0).Strengths;
                return [.. strengths.Select(s => s == strengths.Max() ? 1.0 : 0)];
            }

            var people = PeopleGroups.Find(PromptGroup.Of(judged), Seed).Of;
            var finding = GroupRegret.Measure(PromptGroup.Of(judged), people, "reward", Best, Seed);
            Assert.True(people.Count == 0 || finding.Verdict == AuditVerdict.Violated);
            Assert.True(people.Count == 0 || finding.Value > 0.5);
        }
    }

    /// <summary>Half of eight people want the opposite: the file of groups keeps them apart.</summary>
    [Fact]
    public void Groups_that_are_found_are_written_for_training()
    {
        using var folder = new TemporaryFolder();
        var judged = new JudgedWorld(Seed) { Opposed = 0.5 }.Judge();
        LabelAudit.Of("world", judged, Seed).Write(folder.Path);
        var groups = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(folder.File("groups.json")))!;
        Assert.Equal(8, groups.Count);
        Assert.Single(Enumerable.Range(0, 4).Select(p => groups[$"person {p}"]).Distinct());
        Assert.Single(Enumerable.Range(4, 4).Select(p => groups[$"person {p}"]).Distinct());
        Assert.NotEqual(groups["person 0"], groups["person 4"]);
    }

    [Fact]
    public void Labels_that_share_words_with_evaluation_data_are_counted()
    {
        var question = "Which of the two brown bridges over the slow river was built before the old mill burned";
        PairJudgement[] judgements = [new(question, "the north one", "the south one", 1), new("Who?", "nobody", "somebody", 0)];
        var finding = Overlap.Measure(judgements, "test.jsonl", ["Well: " + question.ToUpperInvariant() + "?"]);
        Assert.Equal(0.5, finding.Value);
        Assert.Equal(AuditVerdict.Violated, finding.Verdict);
        Assert.StartsWith("1 of 2 judged pairs", finding.Meaning, StringComparison.Ordinal);
        Assert.Equal(AuditVerdict.Holds, Overlap.Measure(judgements, "test.jsonl", ["Something else entirely"]).Verdict);
    }
}
