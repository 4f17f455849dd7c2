using Attune.Methods.Preference;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>
/// Policies that are tables, and preferences of an infinite population: where each loss has its least value, to nine digits. Answers are
/// compared in all ordered pairs equally often, and the first is preferred with probability sigma(r - r').
/// </summary>
public sealed class TabularOptimumTests
{
    private static readonly double[] Start = [0.4, 0.25, 0.15, 0.12, 0.08];
    private static readonly double[] Reward = [0, 1, 2, 3, -1];

    [Theory]
    [InlineData(1)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    public void DPO_reaches_the_posterior(double beta)
    {
        var best = Posterior([.. Reward.Select(r => r / beta)]);
        AssertClose(best, Minimise(margin => Dpo.Loss(margin, beta)), 1e-9);
        if (beta == 1)
        {
            AssertClose([0.086, 0.147, 0.240, 0.521, 0.006], best, 5e-4);
        }
    }

    [Fact]
    public void Robust_DPO_reaches_the_posterior_of_the_true_labels_from_flipped_ones() =>
        // A flipped label is the same pair the other way round, so the loss on both, weighed by how often, is what flipped labels give.
        AssertClose(
            Posterior([.. Reward.Select(r => r / 0.5)]),
            Minimise(margin => 0.8 * Dpo.Robust(margin, 0.5, 0.2) + 0.2 * Dpo.Robust(-margin, 0.5, 0.2)),
            1e-9
        );

    [Fact]
    public void CPO_without_likelihood_reaches_the_posterior_of_a_reference_that_likes_all_answers_alike()
    {
        // Scores are plain log-probabilities: the log ratios to Start are shifted back.
        var start = tensor(Start).log();
        var weights = Reward.Select(r => Math.Exp(r / 0.5)).ToArray();
        AssertClose(
            [.. weights.Select(w => w / weights.Sum())],
            MinimiseScores(ratio => ratio + start, margin => Cpo.Contrast(margin, CpoLoss.Sigmoid, 0.5)),
            1e-9
        );
    }

    [Fact]
    public void TR_DPO_with_hard_updates_adds_the_reward_up_from_stretch_to_stretch()
    {
        // Each stretch ends at reference * exp(r / beta): three of them at Start * exp(3 r / beta).
        double[] reference = [.. Start];
        for (var stretch = 0; stretch < 3; stretch++)
        {
            var shift = (tensor(Start) / tensor(reference)).log();
            reference = MinimiseScores(ratio => ratio + shift, margin => Dpo.Loss(margin, 4));
        }

        AssertClose(Posterior([.. Reward.Select(r => 3 * r / 4)]), reference, 1e-8);
    }

    [Fact]
    public void IPO_ends_elsewhere_where_its_own_theory_says()
    {
        // g(y) = mean over the answers compared with of p(y preferred): bounded, so strong rewards move it little.
        var values = PsiPo.Values(Psi.Identity, Preferred(), [0.2, 0.2, 0.2, 0.2, 0.2]);
        var best = Posterior(values);
        AssertClose(best, Minimise(margin => Ipo.Loss(margin, 1)), 1e-9);
        AssertClose([0.342700, 0.253034, 0.179356, 0.165479, 0.059430], best, 1e-6);
        Assert.True(Distance(best, Posterior(Reward)) > 0.3, "half the way from DPO's optimum");
    }

    [Theory]
    [InlineData(0)] // identity
    [InlineData(1)] // log-odds: Bradley-Terry holds here, so g(y) - g(y') = r(y) - r(y')
    public void Psi_PO_from_labels_reaches_its_optimum(int which)
    {
        var psi = new[] { Psi.Identity, Psi.LogOdds }[which];
        AssertClose(
            Posterior(PsiPo.Values(psi, Preferred(), [0.2, 0.2, 0.2, 0.2, 0.2])),
            Minimise(margin => PsiPo.Loss(margin, psi, 1)),
            1e-9
        );
    }

    [Fact]
    public void Psi_PO_by_regression_reaches_its_optimum_for_any_Psi()
    {
        // Psi(p) = p^3 and answers compared as often as the reference gives them: no loss on single labels has this optimum.
        var values = PsiPo.Values(Psi.From(p => p * p * p), Preferred(), Start);
        AssertClose(
            Posterior([.. values.Select(v => v / 0.3)]),
            Minimise((first, second, margin) => PsiPo.Regression(margin, tensor([values[first] - values[second]]), 0.3)),
            1e-9
        );
    }

    [Fact]
    public void F_DPO_reaches_the_policy_whose_derivative_of_f_is_the_reward()
    {
        foreach (var type in Enum.GetValues<FDivergenceType>())
        {
            const double beta = 2;
            var policy = MinimiseScores(ratio => FDivergence.Derivative(ratio, type), score => Dpo.Loss(score, beta));
            using var scope = NewDisposeScope();
            var scores = FDivergence
                .Derivative(tensor(policy.Zip(Start, (p, q) => Math.Log(p / q)).ToArray()), type)
                .data<double>()
                .ToArray();
            Assert.All(Enumerable.Range(1, 4), i => Assert.Equal(Reward[i] - Reward[0], beta * (scores[i] - scores[0]), 1e-6));
        }
    }

    private static double[,] Preferred()
    {
        var table = new double[5, 5];
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 5; j++)
            {
                table[i, j] = 1 / (1 + Math.Exp(Reward[j] - Reward[i]));
            }
        }

        return table;
    }

    /// <summary>pi_0 exp(score) / Z.</summary>
    private static double[] Posterior(double[] scores)
    {
        var weights = Start.Zip(scores, (p, s) => p * Math.Exp(s)).ToArray();
        return [.. weights.Select(w => w / weights.Sum())];
    }

    private static double[] Minimise(Func<Tensor, Tensor> loss) => MinimiseScores(ratio => ratio, loss);

    private static double[] MinimiseScores(Func<Tensor, Tensor> score, Func<Tensor, Tensor> loss) =>
        Minimise(score, (_, _, margin) => loss(margin));

    private static double[] Minimise(Func<int, int, Tensor, Tensor> loss) => Minimise(ratio => ratio, loss);

    /// <summary>Newton's method on the table's logits, with the loss's own gradient; the first logit stays 0.</summary>
    private static double[] Minimise(Func<Tensor, Tensor> score, Func<int, int, Tensor, Tensor> loss)
    {
        double[] free = [.. Start[1..].Select(p => Math.Log(p / Start[0]))];
        for (var step = 0; step < 60; step++)
        {
            var gradient = Gradient(free, score, loss);
            var curvature = new double[4, 4];
            for (var i = 0; i < 4; i++)
            {
                double[] up = [.. free],
                    down = [.. free];
                (up[i], down[i]) = (up[i] + 1e-5, down[i] - 1e-5);
                var (high, low) = (Gradient(up, score, loss), Gradient(down, score, loss));
                for (var j = 0; j < 4; j++)
                {
                    curvature[i, j] = (high[j] - low[j]) / 2e-5 + (i == j ? 1e-13 : 0);
                }
            }

            using var scope = NewDisposeScope();
            var move = linalg.solve(tensor(curvature), tensor(gradient)).data<double>().ToArray();
            // Short steps far away: the losses are not quadratic.
            var length = Math.Min(1, 1 / Math.Max(1e-12, move.Max(Math.Abs)));
            free = [.. free.Zip(move, (x, m) => x - length * m)];
            if (move.Max(Math.Abs) < 1e-13)
            {
                break;
            }
        }

        var weights = free.Prepend(0).Select(Math.Exp).ToArray();
        return [.. weights.Select(w => w / weights.Sum())];
    }

    private static double[] Gradient(double[] free, Func<Tensor, Tensor> score, Func<int, int, Tensor, Tensor> loss)
    {
        using var scope = NewDisposeScope();
        var logits = tensor(free, requires_grad: true);
        var ratios = cat([zeros(1, ScalarType.Float64), logits]).log_softmax(0) - tensor(Start).log();
        var scores = score(ratios);
        var preferred = Preferred();
        var total = zeros(1, ScalarType.Float64);
        for (var i = 0; i < 5; i++)
        {
            for (var j = 0; j < 5; j++)
            {
                if (i != j)
                {
                    total = total + preferred[i, j] * loss(i, j, scores.narrow(0, i, 1) - scores.narrow(0, j, 1));
                }
            }
        }

        total.sum().backward();
        return logits.grad!.data<double>().ToArray();
    }

    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Sum() / 2;

    private static void AssertClose(double[] expected, double[] found, double tolerance) =>
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, tolerance));
}
