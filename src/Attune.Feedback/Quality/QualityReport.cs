using System.Collections.Immutable;
using Attune.Core.Statistics;

namespace Attune.Feedback.Quality;

/// <summary>One measure of agreement over a project's tasks that have several labels.</summary>
/// <param name="Name">The measure, e.g. "Krippendorff's alpha (ordinal)".</param>
/// <param name="Of">The part of the labels that it compares, e.g. "strength".</param>
public sealed record AgreementFigure(string Name, string Of, Interval Interval);

/// <summary>The quality of one person's labels.</summary>
/// <param name="GoldRight">Gold and attention tasks answered as expected, of <paramref name="GoldAnswered"/>.</param>
/// <param name="FirstShown">Share of comparisons in which the answer shown first was preferred, with its interval; near 0.5 where position
/// does not matter. Null where there are none.</param>
/// <param name="MedianActive">Null where times were not recorded.</param>
/// <param name="RepeatsAlike">Tasks asked twice and answered alike, of <paramref name="Repeats"/>.</param>
/// <param name="WithOthers">Share of tasks on which they agreed with most of the others; null where no one else labelled them.</param>
/// <param name="Drift">That share, or the share of gold answered right where there are ten or more, in the later half of their labels less
/// that in the earlier half; null below twenty.</param>
public sealed record AnnotatorQuality(
    Guid PersonId,
    string Pseudonym,
    int Labels,
    int GoldRight,
    int GoldAnswered,
    Interval? FirstShown,
    TimeSpan? MedianActive,
    int RepeatsAlike,
    int Repeats,
    double? WithOthers,
    double? Drift
);

/// <summary>The quality of a project's labels.</summary>
/// <param name="FirstShown">Position bias over everyone.</param>
public sealed record QualityReport(
    ImmutableArray<AgreementFigure> Agreement,
    ImmutableArray<AnnotatorQuality> Annotators,
    Interval? FirstShown
);
