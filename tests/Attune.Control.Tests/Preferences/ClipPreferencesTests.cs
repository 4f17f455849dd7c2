using Attune.Control.Preferences;
using Attune.Control.Tests.Policy;
using static TorchSharp.torch;

namespace Attune.Control.Tests.Preferences;

public sealed class ClipPreferencesTests
{
    /// <summary>
    /// imitation clips a difference of sums at 50, and without answers by chance its gradients are wrong from 16 on, where its float32
    /// probability is 1; ours needs no clip. There, loss and gradient must be the exact ones.
    /// </summary>
    [Fact]
    public void Losses_and_gradients_are_imitations_where_it_is_exact_and_exact_beyond()
    {
        var beyond = 0;
        foreach (var golden in Parts.Of("preference"))
        {
            var (chance, discount) = (golden.GetProperty("noise_prob").GetDouble(), golden.GetProperty("discount").GetDouble());
            foreach (var pair in golden.GetProperty("pairs").EnumerateArray())
            {
                var (left, right) = (Parts.Numbers(pair.GetProperty("rewards1")), Parts.Numbers(pair.GetProperty("rewards2")));
                var label = pair.GetProperty("label").GetDouble();
                var difference = ClipPreferences.Return(left, discount) - ClipPreferences.Return(right, discount);
                var (loss, leftGradient, rightGradient) = Evaluate(left, right, label, chance, discount);
                if (Math.Abs(difference) < (chance == 0 ? 16 : golden.GetProperty("threshold").GetDouble()))
                {
                    Parts.AssertClose([pair.GetProperty("loss").GetDouble()], [loss]);
                    Parts.AssertClose(Parts.Numbers(pair.GetProperty("grad_rewards1")), leftGradient);
                    Parts.AssertClose(Parts.Numbers(pair.GetProperty("grad_rewards2")), rightGradient);
                    Parts.AssertClose([pair.GetProperty("probability1").GetDouble()], [ClipPreferences.Probability(difference, chance)]);
                    continue;
                }

                beyond++;
                var against = label == 1 ? -difference : difference;
                var exact = chance == 0 ? Math.Max(against, 0) : -Math.Log(against > 0 ? chance / 2 : 1 - chance / 2);
                Assert.Equal(exact, loss, 1e-6);
                Assert.Equal(chance == 0 && against > 0 ? 1 : 0, Math.Abs(leftGradient[0]), 1e-6);
            }
        }

        Assert.True(beyond > 0);
    }

    /// <summary>A wrong label on a pair that the network is sure of: the fault that flattened imitation's reward network.</summary>
    [Theory]
    [InlineData(17.0)]
    [InlineData(28.0)]
    [InlineData(60.0)]
    [InlineData(300.0)]
    public void A_confident_wrong_pair_has_a_gradient_of_one_in_float32(double logit)
    {
        foreach (var label in new[] { 0f, 1f })
        {
            using var left = tensor(new[] { label == 1 ? 0f : (float)logit }).view(1, 1).requires_grad_();
            using var right = tensor(new[] { label == 1 ? (float)logit : 0f }).view(1, 1).requires_grad_();
            using var loss = ClipPreferences.Loss(left, right, tensor(new[] { label }), chance: 0).sum();
            loss.backward();
            Assert.Equal(logit, loss.item<float>(), 1e-4);
            Assert.Equal(1, Math.Abs(left.grad!.item<float>()), 1e-5);
            Assert.Equal(-left.grad!.item<float>(), right.grad!.item<float>(), 1e-6);
        }
    }

    /// <summary>0.05 + 0.9 s: the paper's guard bounds the loss of one label, at the price of its gradient.</summary>
    [Fact]
    public void With_answers_by_chance_no_label_costs_more_than_their_share_says()
    {
        var (loss, gradient, _) = Evaluate([0], [40], 1, 0.1, 1);
        Assert.Equal(-Math.Log(0.05), loss, 1e-12);
        Assert.InRange(Math.Abs(gradient[0]), 0, 1e-12);
    }

    [Fact]
    public void Gradients_are_finite_differences()
    {
        double[] left = [0.3, -0.2, 0.9];
        double[] right = [0.1, 0.4, -0.6];
        var (_, gradient, _) = Evaluate(left, right, 0.5, 0.1, 0.9);
        for (var t = 0; t < left.Length; t++)
        {
            double At(double move) => Evaluate([.. left.Select((x, i) => i == t ? x + move : x)], right, 0.5, 0.1, 0.9).Loss;
            Assert.Equal((At(1e-5) - At(-1e-5)) / 2e-5, gradient[t], 1e-8);
        }
    }

    [Fact]
    public void Questions_are_shared_out_as_imitation_does_and_none_is_lost()
    {
        foreach (var golden in Parts.Of("query_schedule"))
        {
            var rounds = golden.GetProperty("num_iterations").GetInt32();
            var times = Enumerable.Range(0, rounds).Select(i => rounds == 1 ? 0 : i / (rounds - 1.0));
            Func<double, double> weight = golden.GetProperty("schedule").GetString() switch
            {
                "constant" => _ => 1,
                "inverse_quadratic" => t => 1 / (1 + t * t),
                _ => t => QuestionPlan.Rate(t, 1),
            };
            var total = golden.GetProperty("total_comparisons").GetInt32();
            var counts = QuestionPlan.Counts(total, golden.GetProperty("initial_comparison_frac").GetDouble(), [.. times.Select(weight)]);
            Assert.Equal(golden.GetProperty("queries").EnumerateArray().Select(q => q.GetInt32()), counts);
        }
    }

    [Theory]
    [InlineData(1, 0.25, 10)]
    [InlineData(9, 0.1, 40)]
    [InlineData(700, 0.25, 47)]
    [InlineData(3, 1, 5)]
    [InlineData(5, 0.25, 0)]
    public void A_budget_is_kept_exactly_and_the_first_round_never_asks_nothing(int total, double share, int later)
    {
        var counts = QuestionPlan.Counts(total, share, [.. Enumerable.Range(1, later).Select(i => QuestionPlan.Rate(i, 10))]);
        Assert.Equal(total, counts.Sum());
        Assert.True(counts[0] > 0);
        Assert.All(counts, c => Assert.True(c >= 0));
    }

    [Fact]
    public void Disagreement_has_imitations_three_variances()
    {
        foreach (var golden in Parts.Of("ensemble_variance"))
        {
            var (left, right) = (Parts.Rows(golden.GetProperty("rewards1")), Parts.Rows(golden.GetProperty("rewards2")));
            double[] differences =
            [
                .. Enumerable.Range(0, left[0].Length).Select(m => Parts.Column(left, m).Sum() - Parts.Column(right, m).Sum()),
            ];
            var expected = golden.GetProperty("variance");
            Parts.AssertClose([expected.GetProperty("logit").GetDouble()], [Disagreement.OfDifferences(differences)]);
            Parts.AssertClose([expected.GetProperty("probability").GetDouble()], [Disagreement.OfProbabilities(differences)]);
            Parts.AssertClose([expected.GetProperty("label").GetDouble()], [Disagreement.OfVotes(differences)]);
        }
    }

    private static (double Loss, double[] Left, double[] Right) Evaluate(
        double[] left,
        double[] right,
        double label,
        double chance,
        double discount
    )
    {
        using var scope = NewDisposeScope();
        var (a, b) = (tensor(left).view(1, -1).requires_grad_(), tensor(right).view(1, -1).requires_grad_());
        var loss = ClipPreferences.Loss(a, b, tensor(new[] { label }), chance, discount).sum();
        loss.backward();
        return (loss.item<double>(), a.grad!.data<double>().ToArray(), b.grad!.data<double>().ToArray());
    }
}
