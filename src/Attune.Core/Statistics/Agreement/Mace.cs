using MathNet.Numerics;

namespace Attune.Core.Statistics.Agreement;

/// <summary>How strategies of workers are estimated.</summary>
public enum MaceMethod
{
    /// <summary>Expectation-maximisation with 0.01 / labels added to expected counts.</summary>
    Em,

    /// <summary>Variational Bayes: Beta(½, ½) on spamming and Dirichlet(10) on the spammer's labels.</summary>
    VariationalBayes,
}

/// <summary>
/// Workers who know or who spam (Hovy et al. 2013, "Learning Whom to Trust with MACE"): with probability s a worker draws a label from a
/// strategy of their own, else gives the true one.
/// </summary>
/// <param name="Posterior">By task and label.</param>
/// <param name="Spamming">By worker: the weight of spamming, and of knowing.</param>
/// <param name="Strategies">By worker and label.</param>
/// <param name="LogLikelihood">Σ log(P(answers) + 1e-8), with uniform true labels.</param>
public sealed record Mace(double[][] Posterior, double[][] Spamming, double[][] Strategies, double LogLikelihood)
{
    private const double Tiny = 1e-8;

    public int[] Labels => [.. Posterior.Select(p => Array.IndexOf(p, p.Max()))];

    /// <summary>The state at the start and after each step.</summary>
    public static IEnumerable<Mace> Steps(
        IReadOnlyList<TaskLabel> labels,
        int tasks,
        double[][] spamming,
        double[][] strategies,
        MaceMethod method,
        int steps
    )
    {
        var state = Expected(labels, tasks, spamming, strategies);
        yield return state;
        for (var step = 0; step < steps; step++)
        {
            var (knowing, drawn) = Counts(labels, state);
            state =
                method == MaceMethod.Em
                    ? Expected(labels, tasks, Smoothed(knowing, strategies[0].Length), Smoothed(drawn, strategies[0].Length))
                    : Expected(labels, tasks, Variational(knowing, 0.5), Variational(drawn, 10));
            yield return state;
        }
    }

    private static Mace Expected(IReadOnlyList<TaskLabel> labels, int tasks, double[][] spamming, double[][] strategies)
    {
        var kinds = strategies[0].Length;
        double[][] joint = [.. Enumerable.Range(0, tasks).Select(_ => Enumerable.Repeat(1.0 / kinds, kinds).ToArray())];
        foreach (var (task, worker, label) in labels)
        {
            for (var k = 0; k < kinds; k++)
            {
                joint[task][k] *= (spamming[worker][0] * strategies[worker][label]) + (k == label ? spamming[worker][1] : 0);
            }
        }

        return new Mace(
            [.. joint.Select(row => row.Select(v => v / row.Sum()).ToArray())],
            spamming,
            strategies,
            joint.Sum(row => Math.Log(row.Sum() + Tiny))
        );
    }

    /// <summary>Expected numbers of spammed and of known answers, and of spammed labels.</summary>
    private static (double[][] Knowing, double[][] Drawn) Counts(IReadOnlyList<TaskLabel> labels, Mace state)
    {
        double[][] knowing = [.. state.Spamming.Select(_ => new double[2])],
            drawn = [.. state.Strategies.Select(s => new double[s.Length])];
        foreach (var (task, worker, label) in labels)
        {
            var (spam, know) = (state.Spamming[worker][0] * state.Strategies[worker][label], state.Spamming[worker][1]);
            var known = state.Posterior[task][label] * know / (spam + know);
            knowing[worker][0] += 1 - known;
            knowing[worker][1] += known;
            drawn[worker][label] += 1 - known;
        }

        return (knowing, drawn);
    }

    private static double[][] Smoothed(double[][] counts, int kinds) =>
        [.. counts.Select(row => row.Select(c => (c + (0.01 / kinds)) / (row.Sum() + (row.Length * 0.01 / kinds))).ToArray())];

    private static double[][] Variational(double[][] counts, double prior) =>
        [
            .. counts.Select(row =>
                row.Select(c => Math.Exp(SpecialFunctions.DiGamma(c + prior) - SpecialFunctions.DiGamma(row.Sum() + (row.Length * prior))))
                    .ToArray()
            ),
        ];
}
