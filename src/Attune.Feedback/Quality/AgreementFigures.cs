using System.Collections.Immutable;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Quality;

/// <summary>The measures of agreement that suit each kind of label.</summary>
internal static class AgreementFigures
{
    public static ImmutableArray<AgreementFigure> Of(ProjectKind kind, IReadOnlyList<StandingLabel> labels, Seed seed)
    {
        var tasks = labels
            .GroupBy(l => l.TaskId)
            .Select(g => g.OrderBy(l => l.Pseudonym, StringComparer.Ordinal).ToArray())
            .Where(g => g.Length >= 2)
            .ToArray();
        if (tasks.Length == 0 || kind == ProjectKind.Timed) // each person saw episodes of their own
        {
            return [];
        }
        return kind switch
        {
            ProjectKind.Comparison =>
            [
                .. Categories(tasks, "preferred answer", j => (double)((ComparisonJudgement)j).Pick, seed),
                .. Alphas(
                    tasks,
                    "strength",
                    j => ((ComparisonJudgement)j).Strength,
                    [MeasurementLevel.Ordinal, MeasurementLevel.Interval],
                    seed
                ),
            ],
            ProjectKind.BestOf => Categories(tasks, "best answer", j => (((ChoiceJudgement)j).Best ?? -1) + 1.0, seed),
            ProjectKind.Rating =>
            [
                .. Alphas(tasks, "rating", j => ((RatingJudgement)j).Value, [MeasurementLevel.Ordinal, MeasurementLevel.Interval], seed),
            ],
            ProjectKind.Ranking => [.. Rankings(tasks, seed)],
            ProjectKind.Steps => [Steps(tasks, seed)],
            ProjectKind.Spans =>
            [
                new AgreementFigure(
                    "span F1, mean over pairs of people",
                    "marked code points and types",
                    Bootstrap.Of(tasks, MeanF1, seed)
                ),
            ],
            // Each person has their own conversation, so only the overall mark can be compared.
            _ => [.. Alphas(tasks, "overall mark", j => ((ChatJudgement)j).Overall, [MeasurementLevel.Ordinal], seed)],
        };
    }

    /// <summary>
    /// Alpha; Fleiss' kappa where all tasks have equally many labels; Cohen's kappa where the same two people labelled all.
    /// </summary>
    private static ImmutableArray<AgreementFigure> Categories(StandingLabel[][] tasks, string of, Func<Judgement, double> value, Seed seed)
    {
        var figures = ImmutableArray.CreateBuilder<AgreementFigure>();
        figures.AddRange(Alphas(tasks, of, j => value(j), [MeasurementLevel.Nominal], seed));
        var units = tasks.Select(t => t.Select(l => (int)value(l.Judgement)).ToArray()).ToArray();
        var people = tasks.SelectMany(t => t.Select(l => l.PersonId)).Distinct().Count();
        if (units.All(u => u.Length == units[0].Length))
        {
            var categories = 1 + units.Max(u => u.Max());
            int[][] counts = [.. units.Select(u => Enumerable.Range(0, categories).Select(c => u.Count(v => v == c)).ToArray())];
            figures.Add(new AgreementFigure("Fleiss' kappa", of, Bootstrap.Of(counts, Kappa.Fleiss, seed)));
            if (people == 2)
            {
                figures.Add(
                    new AgreementFigure("Cohen's kappa", of, Bootstrap.Of([.. units.Select(u => (u[0], u[1]))], u => Kappa.Cohen(u), seed))
                );
            }
        }

        return figures.ToImmutable();
    }

    private static IEnumerable<AgreementFigure> Alphas(
        StandingLabel[][] tasks,
        string of,
        Func<Judgement, double?> value,
        MeasurementLevel[] levels,
        Seed seed
    )
    {
        double[][] units = [.. tasks.Select(t => t.Select(l => value(l.Judgement)).OfType<double>().ToArray()).Where(u => u.Length >= 2)];
        return units.Length == 0 ? [] : levels.Select(s => Alpha1(units, of, s, seed));
    }

    private static AgreementFigure Alpha1(double[][] units, string of, MeasurementLevel level, Seed seed) =>
        new($"Krippendorff's alpha ({level.ToString().ToLowerInvariant()})", of, Bootstrap.Of(units, u => Alpha.Of(u, level), seed));

    /// <summary>Each step is a unit, but the steps of a solution are not independent, so they are resampled together.</summary>
    private static AgreementFigure Steps(StandingLabel[][] tasks, Seed seed)
    {
        double[][][] solutions =
        [
            .. tasks.Select(t =>
                Enumerable
                    .Range(0, t.Max(l => ((StepsJudgement)l.Judgement).Ratings.Length))
                    .Select(s =>
                        t.Select(l => (StepsJudgement)l.Judgement)
                            .Where(j => s < j.Ratings.Length)
                            .Select(j => (double?)j.Ratings[s])
                            .OfType<double>()
                            .ToArray()
                    )
                    .ToArray()
            ),
        ];
        return new AgreementFigure(
            "Krippendorff's alpha (ordinal)",
            "step ratings",
            Bootstrap.Of(solutions, s => Alpha.Of([.. s.SelectMany(u => u)], MeasurementLevel.Ordinal), seed, draws: 200)
        );
    }

    private static AgreementFigure[] Rankings(IReadOnlyList<StandingLabel[]> tasks, Seed seed) =>
        [
            new("Kendall's W (not corrected for chance), mean over tasks", "ranking", Bootstrap.Of(tasks, MeanW, seed)),
            new("Spearman's rho between annotators, mean over tasks", "ranking", Bootstrap.Of(tasks, MeanRho, seed)),
        ];

    private static double MeanW(IReadOnlyList<StandingLabel[]> tasks) =>
        Mean(tasks.Select(t => Concordance.KendallW([.. t.Select(l => (IReadOnlyList<int>)((RankingJudgement)l.Judgement).Ranks)])));

    private static double MeanRho(IReadOnlyList<StandingLabel[]> tasks) =>
        Mean(tasks.Select(t => Concordance.MeanSpearman([.. t.Select(l => (IReadOnlyList<int>)((RankingJudgement)l.Judgement).Ranks)])));

    private static double MeanF1(IReadOnlyList<StandingLabel[]> tasks) =>
        Mean(
            tasks.SelectMany(t =>
                t.SelectMany(
                    (a, i) =>
                        t.Skip(i + 1).Select(b => SpanOverlap.F1(((SpansJudgement)a.Judgement).Spans, ((SpansJudgement)b.Judgement).Spans))
                )
            )
        );

    private static double Mean(IEnumerable<double> values) => values.Where(v => !double.IsNaN(v)).DefaultIfEmpty(double.NaN).Average();
}
