using Attune.Core.Statistics;
using Attune.Reports.Audits;

namespace Attune.Audit.Presumptions;

/// <summary>Shorthand for the measures.</summary>
internal static class Finding
{
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

    private static double? Number(double value) => double.IsFinite(value) ? value : null;
}
