using System.Collections.Immutable;

namespace Attune.Reports.Curves;

/// <summary>
/// The figures a stage may show, in reading order. A metric that appears in none of them gets a figure of its own at the end.
/// </summary>
public static class CurveCatalog
{
    public static ImmutableArray<CurveFigure> Figures { get; } = [.. OutcomeFigures.All, .. TrainingFigures.All, .. OptimiserFigures.All];
}
