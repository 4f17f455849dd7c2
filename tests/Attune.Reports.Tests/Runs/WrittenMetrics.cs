using System.Text.RegularExpressions;

namespace Attune.Reports.Tests.Runs;

/// <summary>
/// The names that the source writes as metrics or figures, found by the ways in which it writes them. What is computed in a name is a
/// part in angle brackets, as in the catalogue. Readers (reports, screens) do not count: a name that is only read is not written.
/// </summary>
internal static partial class WrittenMetrics
{
    /// <summary>What some files write is written again under other names, as long as the renaming is there.</summary>
    private static readonly Rename[] Renames =
    [
        new(
            "PreferenceEvaluation.cs",
            "\"eval_\" + name",
            ["PreferenceMetrics.cs", "PairObjective.cs", "Kto.cs", "Orpo.cs", "Cpo.cs", "Tpo.cs", "PreferenceEvaluation.cs"],
            name => ["eval_" + name]
        ),
        new(
            "AlignmentFigures.cs",
            "key + \"_before\"",
            ["ExactEvaluation.cs"],
            name => name == "eval/best_objective" ? [name[5..]] : [name[5..] + "_before", name[5..] + "_after"]
        ),
        new(
            "PreferenceFigures.cs",
            "name + \"_before\"",
            ["PreferenceMetrics.cs"],
            n => n.StartsWith("logps/", StringComparison.Ordinal) ? [$"eval_{n}_before"] : []
        ),
        new("PreferenceFigures.cs", "\"eval_loss\", ", ["PreferenceEvaluation.cs"], name => ["eval_" + name + "_before"]),
        new("ConstitutionalStage.cs", "\"_before\"", ["PrincipleFigures.cs"], name => [name + "_before", name + "_after"]),
        new("DroppedRows.cs", "\"left_out/", [], _ => ["left_out/<reason>"]),
    ];

    /// <summary>Numbers of a checkpoint that are written as figures are.</summary>
    private static readonly string[] State = ["online/refreshes"];

    public static IReadOnlyList<(string File, string Name)> In(string root)
    {
        var files = Directory
            .EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(IsWriter)
            .Select(file => (Path: file, Name: Path.GetFileName(file), Text: File.ReadAllText(file)))
            .ToArray();
        var written = files
            .SelectMany(f =>
                Metrics(f.Text)
                    .Concat(
                        f.Path.Contains("Attune.Recipes", StringComparison.Ordinal) || f.Name == "OnlineFeedback.cs" ? Figures(f.Text) : []
                    )
                    .Except(State)
                    .Select(name => (f.Name, name))
            )
            .ToArray();
        return [.. written, .. Renames.SelectMany(r => r.Of(written, file => files.Single(f => f.Name == file).Text))];
    }

    /// <summary>Whether a written name can be a defined one: they agree part by part, and what is computed agrees with anything.</summary>
    public static bool Agrees(string written, string defined)
    {
        static bool IsHole(string part) => part.StartsWith('<');
        var (a, b) = (written.Split('/'), defined.Split('/'));
        return a.Length == b.Length && a.Zip(b).All(p => p.First == p.Second || IsHole(p.First) || IsHole(p.Second));
    }

    private static bool IsWriter(string file) =>
        !Path.GetFileName(file).StartsWith("MetricCatalog", StringComparison.Ordinal)
        && !new[] { "Attune.Reports", "Attune.Cli", "Attune.Frontier", "Attune.Web", "obj" }.Any(folder =>
            file.Split(Path.DirectorySeparatorChar).Contains(folder)
        );

    private static IEnumerable<string> Metrics(string text) =>
        [
            .. Added().Matches(text).Select(m => Holes(m.Groups[2].Value) + (m.Groups[3].Success ? "<rest>" : "")),
            .. Helper().Matches(text).Select(m => m.Groups[1].Value),
            .. OfGroup().Matches(text).SelectMany(m => new[] { m.Groups[1].Value, "<group>/" + m.Groups[1].Value }),
            .. MeanWithError().Matches(text).SelectMany(m => new[] { m.Groups[1].Value, m.Groups[1].Value + "_se" }),
        ];

    private static IEnumerable<string> Figures(string text) =>
        [
            .. BeforeAndAfter().Matches(text).SelectMany(m => new[] { m.Groups[1].Value + "_before", m.Groups[1].Value + "_after" }),
            .. Interval().Matches(text).Select(m => m.Groups[1].Value).SelectMany(n => new[] { n, n + "_low", n + "_high" }),
            .. Assigned().Matches(text).Select(m => Holes(m.Groups[1].Value)),
            .. AssignedTogether().Matches(text).SelectMany(m => Quoted().Matches(m.Value)).Select(m => m.Groups[1].Value),
            .. NamedPair().Matches(text).Select(m => m.Groups[1].Value),
        ];

    private static string Holes(string name) => Hole().Replace(name, "<computed>");

    [GeneratedRegex("""\b(?:metrics|measured|round\??|summary|after)\.(Add|AddSum|Set)\(\s*\$?"([^"\n]+)"(\s*\+\s*\w+)?\s*,""")]
    private static partial Regex Added();

    [GeneratedRegex("""\b(?:AddTime|Spread)\(\w+, "([^"]+)""")]
    private static partial Regex Helper();

    [GeneratedRegex("""NameOf\(group, "([^"]+)""")]
    private static partial Regex OfGroup();

    [GeneratedRegex("""AddMean\(metrics, "([^"]+)""")]
    private static partial Regex MeanWithError();

    [GeneratedRegex("""BeforeAfter\(figures, "([^"]+)""")]
    private static partial Regex BeforeAndAfter();

    [GeneratedRegex("""WithInterval\(figures, "([^"]+)""")]
    private static partial Regex Interval();

    [GeneratedRegex("""\[(?:string\.Create\([^"\n]*)?\$?"([^"\n]+)"[^=\n]*\](?=\s*=[^=>])""")]
    private static partial Regex Assigned();

    [GeneratedRegex("""\((?:[\w.]*\["[^"\n]+"\],?\s*)+\) = """)]
    private static partial Regex AssignedTogether();

    [GeneratedRegex("""new\("(\w+)" \+ suffix""")]
    private static partial Regex NamedPair();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("""\{[^}]*\}?""")]
    private static partial Regex Hole();

    /// <param name="File">that renames</param>
    /// <param name="Anchor">what it holds while it does</param>
    /// <param name="From">files whose names it takes; none where it makes its own</param>
    private sealed record Rename(string File, string Anchor, string[] From, Func<string, string[]> To)
    {
        public IEnumerable<(string File, string Name)> Of((string File, string Name)[] written, Func<string, string> text) =>
            !text(File).Contains(Anchor, StringComparison.Ordinal)
                ? []
                : (From.Length == 0 ? [(File, "")] : written.Where(w => From.Contains(w.File)))
                    .SelectMany(w => To(w.Item2))
                    .Select(n => (File, n));
    }
}
