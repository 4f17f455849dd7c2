using System.Text.Json;
using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Audit.Rewards;
using Attune.Core.Runs;
using Attune.Reports.Audits;
using Attune.Reports.Runs;
using Attune.Testing;

namespace Attune.Audit.Tests;

/// <summary>What is read from a run's files, on figures worked out by hand.</summary>
public sealed class RunAuditTests
{
    private static readonly Seed Seed = new(1);

    private static RunRecord Run(IEnumerable<IReadOnlyDictionary<string, double>> rounds) =>
        new("run", null, [.. rounds.Select((m, i) => new RunEvent(i + 1, "ppo", "round", i + 1, i + 1, 100 * (i + 1), m))], [], null, []);

    private static RunRecord Curve(Func<double, double> score) =>
        Run(Enumerable.Range(1, 10).Select(i => new Dictionary<string, double> { ["objective/scores"] = score(100 * i) }));

    /// <summary>1 - 2 n^-½: from 1,000 to 2,000 answers it gains 2 / √1000 - 2 / √2000.</summary>
    [Fact]
    public void What_twice_the_answers_would_add_is_worked_out_by_hand()
    {
        var finding = Optimum.Curve(Curve(n => 1 - (2 / Math.Sqrt(n)))).Finding;
        Assert.Equal((2 / Math.Sqrt(1000)) - (2 / Math.Sqrt(2000)), finding.Value!.Value, 1e-6);
        // Ten rounds gained 0.137, of which this is a seventh: more than a twentieth.
        Assert.Equal(AuditVerdict.Violated, finding.Verdict);
    }

    [Fact]
    public void A_curve_that_has_levelled_off_holds() =>
        Assert.Equal(AuditVerdict.Holds, Optimum.Curve(Curve(n => 1 - Math.Pow(n / 50, -4))).Finding.Verdict);

    [Fact]
    public void A_curve_that_falls_says_nothing() => Assert.Equal(AuditVerdict.CannotTell, Optimum.Curve(Curve(n => -n)).Finding.Verdict);

    [Theory]
    [InlineData(0.3, AuditVerdict.Violated)]
    [InlineData(0.95, AuditVerdict.Holds)]
    public void Gold_that_falls_while_the_reward_rises_is_a_turn(double last, AuditVerdict expected)
    {
        double[] gold = [0, 1, last],
            proxy = [0, 1, 2];
        var run = Run(gold.Zip(proxy, (g, p) => new Dictionary<string, double> { ["eval/gold_reward"] = g, ["eval/proxy_reward"] = p }));
        var turn = Optimum.Turn(run);
        Assert.Equal(last - 1, turn.Value!.Value, 1e-12);
        Assert.Equal(expected, turn.Verdict);
    }

    [Theory]
    [InlineData(0.02, AuditVerdict.Violated)]
    [InlineData(0.6, AuditVerdict.Holds)]
    public void A_critic_that_explains_nothing_binds(double explained, AuditVerdict expected)
    {
        var run = Run(
            Enumerable.Range(0, 16).Select(i => new Dictionary<string, double> { ["val/explained_variance"] = explained + (i % 2 * 0.01) })
        );
        Assert.Equal(expected, Optimum.Critic(run).Verdict);
    }

    /// <summary>100 · 0.1² / 0.25 = 4, and χ² of two degrees above 4 is e^-2. The error is 100 · 0.1 / 150.</summary>
    [Fact]
    public void Calibration_has_the_chi_square_worked_out_by_hand()
    {
        var finding = Extraction.Calibrated([new CalibrationBin(0.5, 0.6, 100), new CalibrationBin(0.8, 0.8, 50)]);
        Assert.Equal(Math.Exp(-2), finding.P!.Value, 1e-9);
        Assert.Equal(10 / 150.0, finding.Value!.Value, 1e-12);
        Assert.Equal(
            AuditVerdict.Violated,
            Extraction.Calibrated([new CalibrationBin(0.9, 0.6, 100), new CalibrationBin(0.8, 0.8, 50)]).Verdict
        );
    }

    [Fact]
    public void A_reward_that_follows_gold_only_near_the_reference_is_found()
    {
        var rng = Seed.Rng();
        ScoredAnswer[] answers =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(i => (Far: i % 2 == 1, Gold: rng.NextNormal(), Noise: rng.NextNormal()))
                .Select((a, i) => new ScoredAnswer($"p{i}", "a", a.Far ? a.Noise : a.Gold + (0.1 * a.Noise), a.Gold, a.Far ? 5 : 0)),
        ];
        Assert.Equal(AuditVerdict.Violated, Extraction.Far(answers).Verdict);
    }

    /// <summary>The reward is gold and half a unit for each doubling of length: exactly that is found, and nothing where it is gold
    /// alone.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(0)]
    public void What_length_earns_beyond_gold_is_found(double paid)
    {
        var rng = Seed.Rng();
        ScoredAnswer[] answers =
        [
            .. from prompt in Enumerable.Range(0, 10)
            from answer in Enumerable.Range(0, 4)
            let text = new string('x', (1 << (4 + rng.NextInt(4))) - 1)
            let gold = rng.NextNormal()
            select new ScoredAnswer($"p{prompt}", text, gold + (paid * Math.Log2(1 + text.Length)) + (0.01 * rng.NextNormal()), gold),
        ];
        var length = RewardForm.Measure(answers).Single(f => f.Measure.StartsWith("length", StringComparison.Ordinal));
        Assert.Equal(paid, length.Value!.Value, 0.02);
        Assert.Equal(paid > 0 ? AuditVerdict.Violated : AuditVerdict.Holds, length.Verdict);
    }

    /// <summary>A reward that knows content, and pays for length which nobody asked for.</summary>
    private static ScoredPair[] Pairs(double paid) =>
        [
            .. Enumerable
                .Range(0, 400)
                .Select(i => (Place: i, Rng: new Seed((ulong)i).Rng()))
                .Select(i =>
                {
                    var (one, other) = (new string('x', 20 + i.Rng.NextInt(200)), new string('y', 20 + i.Rng.NextInt(200)));
                    var content = 2 * i.Rng.NextNormal();
                    var wins = i.Rng.NextDouble() < 1 / (1 + Math.Exp(-content)) ? 1 : 0;
                    var length = paid * Math.Log2((1.0 + one.Length) / (1 + other.Length));
                    return new ScoredPair(new PairJudgement($"p{i.Place}", one, other, wins, $"person {i.Place % 4}"), content + length, 0);
                }),
        ];

    [Theory]
    [InlineData(2, AuditVerdict.Violated)]
    [InlineData(0, AuditVerdict.Holds)]
    public void A_reward_that_pays_more_for_length_than_people_do_is_found(double paid, AuditVerdict expected)
    {
        var length = Surface.Beyond(Pairs(paid)).Single(f => f.Measure.StartsWith("length", StringComparison.Ordinal));
        Assert.Equal(expected, length.Verdict);
        Assert.True(paid == 0 || length.Value < -0.5);
    }

    [Fact]
    public void The_person_whom_the_reward_serves_worst_is_found()
    {
        var turned = Pairs(0).Select(p => p.Judgement.Person == "person 3" ? p with { First = p.Second, Second = p.First } : p).ToArray();
        AuditFinding Person(ScoredPair[] pairs) => RewardLabels.Measure(pairs).Single(f => f.Presumption == 4);
        Assert.Equal(AuditVerdict.Violated, Person(turned).Verdict);
        Assert.Equal(AuditVerdict.Holds, Person(Pairs(0)).Verdict);
    }

    /// <summary>Log-odds that are right are calibrated, four times as large they are not.</summary>
    [Fact]
    public void A_reward_that_is_too_sure_is_found()
    {
        AuditFinding Error(double scale) =>
            RewardLabels
                .Measure([.. Pairs(0).Select(p => p with { First = scale * p.First })])
                .Single(f => f.Measure.StartsWith("expected", StringComparison.Ordinal));
        Assert.Equal(AuditVerdict.Holds, Error(1).Verdict);
        Assert.Equal(AuditVerdict.Violated, Error(4).Verdict);
    }

    [Fact]
    public void A_run_folder_is_audited_with_its_labels()
    {
        using var folder = new TemporaryFolder();
        var events = Enumerable
            .Range(1, 8)
            .Select(i =>
                JsonSerializer.Serialize(
                    new
                    {
                        sequence = i,
                        stage = "ppo",
                        kind = "round",
                        round = i,
                        updates = i,
                        items = 64 * i,
                        metrics = new Dictionary<string, double> { ["objective/scores"] = 1 - (1.0 / i) },
                    }
                )
            );
        File.WriteAllLines(folder.File("events.jsonl"), events);
        Directory.CreateDirectory(folder.File("preferences"));
        File.WriteAllText(
            Path.Combine(folder.File("preferences"), "preferences.jsonl"),
            """{"prompt":"p","chosen":"a","rejected":"b","annotator":"one"}""" + "\n"
        );
        Assert.True(RunAudit.IsAt(folder.Path));
        var report = RunAudit.Of(folder.Path, Seed);
        Assert.Equal(1, report.Judgements);
        Assert.Equal([1, 2, 3, 4, 5, 6], report.Findings.Select(f => f.Presumption).Distinct());
        report.Write(folder.File("audit"));
        Assert.Contains("Learning curve", File.ReadAllText(Path.Combine(folder.File("audit"), "audit.html")), StringComparison.Ordinal);
    }
}
