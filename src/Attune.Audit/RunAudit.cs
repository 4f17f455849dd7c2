using System.Collections.Immutable;
using Attune.Audit.Judgements;
using Attune.Audit.Presumptions;
using Attune.Audit.Rewards;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Audits;
using Attune.Reports.Runs;

namespace Attune.Audit;

/// <summary>What a run's own files say about the presumptions: nothing is run again.</summary>
public static class RunAudit
{
    // Where a stage of a run keeps the labels that its reward model learned from.
    private static readonly string[] LabelFiles = ["preferences.jsonl", "held-out-preferences.jsonl"];

    /// <summary>Whether a folder is a run's rather than a snapshot's.</summary>
    public static bool IsAt(string folder) => File.Exists(new RunFolder(folder).EventsFile);

    /// <param name="most">Only that many of the run's judgements; null for all.</param>
    /// <exception cref="DataException">A file of the folder is damaged.</exception>
    public static AuditReport Of(string folder, Seed seed, int? most = null)
    {
        var run = RunRecord.Read(folder);
        PairJudgement[] judgements =
        [
            .. Directory
                .EnumerateDirectories(folder)
                .Order(StringComparer.Ordinal)
                .SelectMany(stage => LabelFiles.Select(f => Path.Combine(stage, f)))
                .Where(File.Exists)
                .SelectMany(PairJudgement.Read)
                .Take(most ?? int.MaxValue),
        ];
        AuditFinding[] findings = [.. Of(run), .. judgements.Length == 0 ? [] : LabelAudit.Findings(judgements, seed)];
        return LabelAudit.Report(run.Name, judgements, findings) with { Figures = Figures(run) };
    }

    /// <summary>Findings before the correction for their number.</summary>
    internal static IEnumerable<AuditFinding> Of(RunRecord run)
    {
        ScoredAnswer[] answers =
        [
            .. run
                .Samples.Where(s => s.Proxy is { } reward && double.IsFinite(reward))
                .Select(s => new ScoredAnswer(s.Prompt, s.Answer, s.Proxy!.Value, s.Gold, s.Kl)),
        ];
        return
        [
            .. Optimum.Measure(run),
            .. RewardForm.Measure(answers),
            Extraction.Calibrated(Bins(run)),
            Extraction.Far(answers),
            Extraction.Spread(run.Events),
        ];
    }

    private static ImmutableArray<CalibrationBin> Bins(RunRecord run) =>
        run.Result?.Stages.Select(s => s.Calibration).LastOrDefault(c => c is { IsDefaultOrEmpty: false }) ?? [];

    private static ImmutableArray<AuditFigure> Figures(RunRecord run) =>
        Optimum.Figure(run) is { } plot
            ? [new AuditFigure(1, plot, "Rounds, and a power law through them with its 95% interval, to twice the answers.")]
            : [];
}
