// How often each measure of `attune audit` speaks against its presumption, in worlds that violate one of them by a known amount.
// Pure statistics: no model. Prints a Markdown table of percentages; an alarm counts after the audit's correction for its number of tests.
//   dotnet run -c Release studies/audit-power/power.cs [REPETITIONS=200] [FIRST-SEED=1] [NAME OF WORLDS, all unless given]
#:project ../../src/Attune.Audit/Attune.Audit.csproj
#:property PublishAot=false
using System.Globalization;
using Attune.Audit;
using Attune.Audit.Truth;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Reports.Audits;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var repetitions = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200;
var first = args.Length > 1 ? ulong.Parse(args[1], CultureInfo.InvariantCulture) : 1;
var only = args.Length > 2 ? args[2] : "";
(string Name, double[] Amounts, Func<JudgedWorld, double, JudgedWorld> Of)[] worlds =
[
    ("every presumption holds", [0], (w, _) => w),
    ("every presumption holds, 500 pairs", [0], (w, _) => Pairs(w)),
    ("circle, log-odds", [0.25, 0.5, 1], (w, a) => w with { Circle = a }),
    ("link, exponent", [0.5, 0], (w, a) => w with { Exponent = a }),
    ("lapses, share", [0.2, 0.4], (w, a) => w with { Lapses = a }),
    ("shown first, log-odds", [0.1, 0.2, 0.4], (w, a) => w with { First = a }),
    ("drift, share of utility", [0.5, 1], (w, a) => w with { Drift = a }),
    ("ties, threshold", [0.25, 0.5], (w, a) => w with { Ties = a }),
    ("steadiness, spread", [0.75, 0.375], (w, a) => w with { Spread = a }),
    ("opposed, share of people", [0.125, 0.25, 0.5], (w, a) => w with { Opposed = a }),
    ("loud quarter opposed, times as often", [2, 4], (w, a) => w with { Opposed = 0.25, Repeats = 1, Loud = (int)a }),
    ("groups of people", [2, 3], (w, a) => w with { Groups = (int)a }),
    ("careless, share of people", [0.125, 0.25], (w, a) => w with { Careless = a }),
    ("length, log-odds a doubling, 500 pairs", [0.2, 0.4, 0.8], (w, a) => Pairs(w) with { Length = a }),
];
(string Name, string Start)[] measures =
[
    ("circles", "circular"),
    ("ties", "ties"),
    ("repeats", "agreement of people with"),
    ("first", "first answer"),
    ("drift", "difference of early"),
    ("fit", "G²"),
    ("link", "bend"),
    ("person", "agreement with the others"),
    ("groups", "gain of"),
    ("votes", "prompts whose best answer by all judgements loses a majority"),
    ("length", "length"),
    ("lists", "lists"),
];
Console.WriteLine($"| world | amount | any | {string.Join(" | ", measures.Select(m => m.Name))} | s |");
Console.WriteLine("|---|---|" + string.Concat(Enumerable.Repeat("---|", measures.Length + 2)));
foreach (var (name, amounts, of) in worlds.Where(w => w.Name.Contains(only, StringComparison.Ordinal)))
{
    foreach (var amount in amounts)
    {
        var start = Environment.TickCount64;
        var reports = Enumerable
            .Range(0, repetitions)
            .Select(r => new Seed(first + (ulong)r))
            .Select(seed => LabelAudit.Of("world", of(new JudgedWorld(seed), amount).Judge(), seed))
            .ToArray();
        string Share(Func<AuditFinding, bool> counts)
        {
            var hits = reports.Count(r => r.Findings.Any(f => f.Verdict == AuditVerdict.Violated && counts(f)));
            return hits == 0 ? "·" : (100.0 * hits / repetitions).ToString("0.#", CultureInfo.InvariantCulture);
        }

        var shares = measures.Select(m => Share(f => f.Measure.StartsWith(m.Start, StringComparison.Ordinal)));
        var seconds = (Environment.TickCount64 - start) / 1000;
        Console.WriteLine($"| {name} | {amount} | {Share(_ => true)} | {string.Join(" | ", shares)} | {seconds} |");
    }
}

var (low, high) = Wilson.Ends(0.05, repetitions);
Console.WriteLine();
Console.WriteLine(
    $"{repetitions} repetitions, seeds {first} to {first + (ulong)repetitions - 1}; 95% interval of a true 5%: {low:P1} to {high:P1}."
);

// One pair a prompt, as most collections have: circles cannot show, but form can.
static JudgedWorld Pairs(JudgedWorld world) => world with { Prompts = 500, Answers = 2, People = 2, Repeats = 1 };
