using Attune.Core.Statistics.Comparisons;

namespace Attune.Core.Statistics.Agreement;

/// <summary>
/// Workers' abilities and tasks' difficulties (Whitehill et al. 2009): P(right) = σ(α_worker exp β_task), wrong labels alike, with normal
/// priors of mean 1 and variance 1 on α and β.
/// </summary>
/// <param name="Posterior">By task and label.</param>
/// <param name="Objective">The log-likelihood with true labels summed out, less half the squared distances to the prior's means.</param>
public sealed record Glad(double[] Ability, double[] Ease, double[][] Posterior, double Objective)
{
    /// <summary>Expectation-maximisation from all ones, until no parameter moves.</summary>
    public static Glad Fit(IReadOnlyList<TaskLabel> labels, int tasks, int workers, int kinds)
    {
        double[] at = [.. Enumerable.Repeat(1.0, workers + tasks)];
        for (var step = 0; step < 3000; step++)
        {
            var (posterior, _) = Expected(labels, at, tasks, workers, kinds);
            var next = Newton.Maximise(at, place => Evaluate(labels, posterior, place, workers)).Parameters;
            var moved = next.Zip(at, (a, b) => Math.Abs(a - b)).Max();
            at = next;
            if (moved < 1e-10)
            {
                break;
            }
        }

        var (last, likelihood) = Expected(labels, at, tasks, workers, kinds);
        return new Glad(at[..workers], at[workers..], last, likelihood - (at.Sum(v => (v - 1) * (v - 1)) / 2));
    }

    private static (double[][] Posterior, double LogLikelihood) Expected(
        IReadOnlyList<TaskLabel> labels,
        double[] at,
        int tasks,
        int workers,
        int kinds
    )
    {
        double[][] logs = [.. Enumerable.Range(0, tasks).Select(_ => Enumerable.Repeat(-Math.Log(kinds), kinds).ToArray())];
        foreach (var (task, worker, label) in labels)
        {
            var logit = at[worker] * Math.Exp(at[workers + task]);
            for (var k = 0; k < kinds; k++)
            {
                logs[task][k] +=
                    k == label ? PairLink.Logistic.Log(logit).Value : PairLink.Logistic.Log(-logit).Value - Math.Log(kinds - 1);
            }
        }

        double[] totals = [.. logs.Select(row => row.Max() + Math.Log(row.Sum(l => Math.Exp(l - row.Max()))))];
        return ([.. logs.Zip(totals, (row, total) => row.Select(l => Math.Exp(l - total)).ToArray())], totals.Sum());
    }

    /// <summary>What the M step maximises, with derivatives by abilities and then by tasks' β.</summary>
    private static Derivatives Evaluate(IReadOnlyList<TaskLabel> labels, double[][] posterior, double[] at, int workers)
    {
        var all = Derivatives.Zero(at.Length);
        var sum = 0.0;
        foreach (var (task, worker, label) in labels)
        {
            var (t, ease, right) = (workers + task, Math.Exp(at[workers + task]), posterior[task][label]);
            var logit = at[worker] * ease;
            var p = PairLink.Logistic.Probability(logit);
            var (first, second) = (right - p, -p * (1 - p));
            sum += (right * PairLink.Logistic.Log(logit).Value) + ((1 - right) * PairLink.Logistic.Log(-logit).Value);
            all.Gradient[worker] += first * ease;
            all.Gradient[t] += first * logit;
            all.Hessian[worker, worker] += second * ease * ease;
            all.Hessian[t, t] += (second * logit * logit) + (first * logit);
            all.Hessian[worker, t] += (second * logit * ease) + (first * ease);
            all.Hessian[t, worker] += (second * logit * ease) + (first * ease);
        }

        for (var i = 0; i < at.Length; i++)
        {
            sum -= (at[i] - 1) * (at[i] - 1) / 2;
            all.Gradient[i] -= at[i] - 1;
            all.Hessian[i, i] -= 1;
        }

        return all with
        {
            Value = sum,
        };
    }
}
