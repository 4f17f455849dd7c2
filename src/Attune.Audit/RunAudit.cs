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
    /// <param name="evaluation">A file of data that models are evaluated on; null for none.</param>
    /// <exception cref="DataException">A file of the folder is damaged.</exception>
    public static AuditReport Of(string folder, Seed seed, int? most = null, string? evaluation = null)
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
        if (judgements.Length == 0)
        {
            return LabelAudit.Report(run.Name, judgements, [.. Of(run)]) with { Figures = Figures(run) };
        }

        var inputs = new AuditInputs { EvaluationFile = evaluation };
        var labelled = LabelAudit.Findings(judgements, seed, inputs, out var people);
        return LabelAudit.Report(run.Name, judgements, [.. Of(run), .. labelled]) with { Figures = Figures(run), Groups = people.Names };
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
