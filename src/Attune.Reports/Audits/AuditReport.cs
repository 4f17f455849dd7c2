using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Files;
using Attune.Reports.Plotting;

namespace Attune.Reports.Audits;

/// <summary>What a measure says about a presumption.</summary>
public enum AuditVerdict
{
    /// <summary>Nothing speaks against it.</summary>
    Holds,

    /// <summary>The data speak against it.</summary>
    Violated,

    /// <summary>These data cannot tell.</summary>
    CannotTell,
}

/// <summary>One measure of an audit.</summary>
/// <param name="Presumption">The number of the presumption, 1 to 6.</param>
/// <param name="Value">The figure; null where it could not be measured.</param>
/// <param name="Low">The lower end of its 95% interval.</param>
/// <param name="High">The upper end.</param>
/// <param name="Units">How many units (triads, pairs, people) it comes from.</param>
/// <param name="P">The p-value of the test, where there is one.</param>
/// <param name="Meaning">What the figure means.</param>
/// <param name="Remedy">What could be done; empty where nothing needs to be.</param>
/// <param name="Limits">What these data cannot tell.</param>
public sealed record AuditFinding(
    int Presumption,
    string Measure,
    double? Value,
    double? Low,
    double? High,
    int Units,
    double? P,
    AuditVerdict Verdict,
    string Meaning,
    string Remedy,
    string Limits
)
{
    /// <summary>p corrected for the number of tests of the audit (Holm 1979); it decides the verdict.</summary>
    public double? Adjusted { get; init; }
}

/// <summary>A figure beside a presumption's table.</summary>
/// <param name="Hint">What it shows, in a sentence.</param>
public sealed record AuditFigure(int Presumption, Plot Plot, string Hint);

/// <summary>An audit of labels, a reward model or a run.</summary>
/// <param name="Source">The file or folder.</param>
/// <param name="Judgements">Pairs judged, ties included.</param>
public sealed record AuditReport(string Source, int Judgements, int Prompts, int People, ImmutableArray<AuditFinding> Findings)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The presumptions by their numbers.</summary>
    public static ImmutableSortedDictionary<int, string> Presumptions { get; } =
        ImmutableSortedDictionary.CreateRange([
            KeyValuePair.Create(1, "Training reaches the optimum"),
            KeyValuePair.Create(2, "People's preferences come from a utility"),
            KeyValuePair.Create(3, "Bradley and Terry's model fits"),
            KeyValuePair.Create(4, "One reward can stand for all people"),
            KeyValuePair.Create(5, "What was judged is the content, not its form"),
            KeyValuePair.Create(6, "Preferences were taken from the labels equally well everywhere"),
        ]);

    /// <summary>Figures of the page; the numbers in them are in the run's own files.</summary>
    [JsonIgnore]
    public ImmutableArray<AuditFigure> Figures { get; init; } = [];

    /// <summary>The group of each person, where groups were found: a file for <c>attune reward --groups</c>.</summary>
    [JsonIgnore]
    public ImmutableSortedDictionary<string, string> Groups { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>A sentence for a presumption.</summary>
    public string Sentence(int presumption)
    {
        var findings = Findings.Where(f => f.Presumption == presumption).ToArray();
        var violated = findings.Where(f => f.Verdict == AuditVerdict.Violated).ToArray();
        var told = findings.Count(f => f.Verdict != AuditVerdict.CannotTell);
        return findings.Length == 0 ? "not measured: it takes a run" + (presumption == 6 ? " or a reward model." : ".")
            : violated.Length > 0 ? "violated: " + string.Join("; ", violated.Select(f => f.Meaning.TrimEnd('.'))) + "."
            : told == 0
                ? "these data cannot tell. " + string.Join(" ", findings.Where(f => f.Value is null).Select(f => f.Limits).Distinct())
            : $"nothing speaks against it in {told} of {findings.Length} measures; the others cannot be taken from these data.";
    }

    public string ToJson() => JsonSerializer.Serialize(this, Options) + "\n";

    /// <summary>Writes audit.json and audit.html, and groups.json where groups of people were found.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, "audit.json"), ToJson());
        AtomicFile.WriteText(Path.Combine(folder, "audit.html"), AuditPage.Render(this));
        if (!Groups.IsEmpty)
        {
            AtomicFile.WriteText(Path.Combine(folder, "groups.json"), JsonSerializer.Serialize(Groups, Options) + "\n");
        }
    }
}
