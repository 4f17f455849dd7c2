namespace Attune.Core.Statistics.Agreement;

/// <summary>A worker's label of a task, both by number.</summary>
public readonly record struct TaskLabel(int Task, int Worker, int Label);

/// <summary>True labels and each worker's errors from labels alone (Dawid and Skene 1979), by expectation-maximisation.</summary>
/// <param name="Posterior">By task and label.</param>
/// <param name="Prior">The labels' shares.</param>
/// <param name="Confusion">By worker, observed label and true label; sums to 1 over the observed.</param>
/// <param name="LogLikelihood">Under prior and confusion.</param>
public sealed record DawidSkene(double[][] Posterior, double[] Prior, double[][][] Confusion, double LogLikelihood)
{
    // Expected counts below this are raised to it, so that no logarithm is taken of 0.
    private const double Floor = 1e-10;

    /// <summary>The label of the largest posterior of each task.</summary>
    public int[] Labels => [.. Posterior.Select(p => Array.IndexOf(p, p.Max()))];

    /// <summary>The state at the start, where posteriors are the shares of votes, and after each step, until no posterior moves.</summary>
    public static IEnumerable<DawidSkene> Steps(IReadOnlyList<TaskLabel> labels, int tasks, int workers, int kinds, int most = 20000)
    {
        var votes = Table(tasks, kinds);
        foreach (var (task, _, label) in labels)
        {
            votes[task][label]++;
        }

        double[][] posterior = [.. votes.Select(Normalised)];
        var state = Fitted(labels, posterior, workers, kinds);
        yield return state;
        for (var step = 0; step < most; step++)
        {
            var next = Expected(labels, state);
            var moved = next.Zip(state.Posterior, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max()).Max();
            state = Fitted(labels, next, workers, kinds);
            yield return state;
            if (moved < 1e-15)
            {
                yield break;
            }
        }
    }

    private static DawidSkene Fitted(IReadOnlyList<TaskLabel> labels, double[][] posterior, int workers, int kinds)
    {
        double[] prior = [.. Enumerable.Range(0, kinds).Select(k => posterior.Average(p => p[k]))];
        double[][][] confusion = [.. Enumerable.Range(0, workers).Select(_ => Table(kinds, kinds))];
        foreach (var (task, worker, label) in labels)
        {
            for (var k = 0; k < kinds; k++)
            {
                confusion[worker][label][k] += posterior[task][k];
            }
        }

        var given = labels.Select(l => (l.Worker, l.Label)).ToHashSet();
        for (var worker = 0; worker < workers; worker++)
        {
            for (var k = 0; k < kinds; k++)
            {
                foreach (var label in Enumerable.Range(0, kinds).Where(l => given.Contains((worker, l))))
                {
                    confusion[worker][label][k] = Math.Max(confusion[worker][label][k], Floor);
                }

                var total = confusion[worker].Sum(row => row[k]);
                foreach (var row in confusion[worker])
                {
                    row[k] /= total;
                }
            }
        }

        var fitted = new DawidSkene(posterior, prior, confusion, 0);
        return fitted with { LogLikelihood = Joint(labels, fitted).Sum(LogSum) };
    }

    /// <summary>log P(label, answers) by task and label.</summary>
    private static double[][] Joint(IReadOnlyList<TaskLabel> labels, DawidSkene state)
    {
        double[][] logs = [.. state.Posterior.Select(_ => state.Prior.Select(p => Math.Log(p)).ToArray())];
        foreach (var (task, worker, label) in labels)
        {
            for (var k = 0; k < state.Prior.Length; k++)
            {
                logs[task][k] += Math.Log(state.Confusion[worker][label][k]);
            }
        }

        return logs;
    }

    private static double[][] Expected(IReadOnlyList<TaskLabel> labels, DawidSkene state) =>
        [
            .. Joint(labels, state)
                .Select(row =>
                {
                    var total = LogSum(row);
                    return row.Select(l => Math.Exp(l - total)).ToArray();
                }),
        ];

    private static double LogSum(double[] logs) => logs.Max() + Math.Log(logs.Sum(l => Math.Exp(l - logs.Max())));

    private static double[] Normalised(double[] row) => [.. row.Select(v => v / row.Sum())];

    private static double[][] Table(int rows, int columns) => [.. Enumerable.Range(0, rows).Select(_ => new double[columns])];
}
