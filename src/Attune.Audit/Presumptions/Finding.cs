using Attune.Core.Statistics;
using Attune.Core.Statistics.Hypotheses;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Shorthand for the measures.</summary>
internal static class Finding
{
    /// <summary>The level of every test, and after the correction for their number that of a whole audit.</summary>
    public const double Level = 0.05;

    public static AuditFinding Of(
        int presumption,
        string measure,
        Interval figure,
        double? p,
        bool violated,
        string meaning,
        string remedy,
        string limits
    ) =>
        new(
            presumption,
            measure,
            Number(figure.Value),
            Number(figure.Low),
            Number(figure.High),
            figure.Units,
            p is { } value ? Number(value) : null,
            violated ? AuditVerdict.Violated : AuditVerdict.Holds,
            meaning,
            violated ? remedy : "",
            limits
        );

    /// <summary>A figure that has no threshold.</summary>
    public static AuditFinding Described(int presumption, string measure, Interval figure, string limits) =>
        Of(presumption, measure, figure, null, false, "", "", limits) with
        {
            Verdict = AuditVerdict.CannotTell,
        };

    /// <summary>Nothing to measure.</summary>
    public static AuditFinding Silent(int presumption, string measure, string why) =>
        new(presumption, measure, null, null, null, 0, null, AuditVerdict.CannotTell, "", "", why);

    /// <summary>What is violated at the level of a single test but not after a correction for their number (Holm 1979) holds.</summary>
    public static IEnumerable<AuditFinding> Corrected(IReadOnlyList<AuditFinding> findings)
    {
        var adjusted = MultipleTests.Holm([.. findings.Select(f => f.P).OfType<double>()]);
        var test = 0;
        foreach (var finding in findings)
        {
            if (finding.P is null)
            {
                yield return finding;
                continue;
            }

            var p = adjusted[test++];
            yield return finding with
            {
                Adjusted = p,
                Verdict = finding.Verdict == AuditVerdict.Violated && p >= Level ? AuditVerdict.Holds : finding.Verdict,
                Remedy = p >= Level ? "" : finding.Remedy,
            };
        }
    }

    private static double? Number(double value) => double.IsFinite(value) ? value : null;
}
