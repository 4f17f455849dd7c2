using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class AotTests
{
    [Fact]
    public void Margins_are_compared_with_those_of_the_same_rank()
    {
        // Policy 3, 1, 2; reference 10, 30, 20: the largest meets the largest.
        Assert.Equal([30, 10, 20], Aot.Partners([3, 1, 2], [10, 30, 20]).Select(p => p.OfChosen));
        // Chosen 5, 4; rejected 1, 2: the chosen 5 meets 2, and 2 meets 5; 4 meets 1.
        var partners = Aot.UnpairedPartners([5, 4, 1, 2]);
        Assert.Equal([2, 1], partners.Select(p => p.OfChosen));
        Assert.Equal([4, 5], partners.Select(p => p.OfRejected));
    }

    [Fact]
    public void Law_the_unpaired_loss_and_its_gradient_are_those_of_the_sorted_couples() =>
        Gen.Double[-4, 4]
            .Array[6]
            .Where(a => a.Distinct().Count() == 6)
            .Sample(
                ratios =>
                {
                    using var scope = NewDisposeScope();
                    var (value, gradient) = Unpaired(ratios);
                    var x = tensor(ratios, requires_grad: true);
                    var sorted = Dpo.Loss(x.narrow(0, 0, 3).sort().Values - x.narrow(0, 3, 3).sort().Values, 0.7).sum();
                    sorted.backward();
                    Assert.Equal(sorted.ToDouble(), value, 1e-9);
                    Assert.All(x.grad!.data<double>().ToArray().Zip(gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
                },
                iter: 30
            );

    [Theory]
    [InlineData(DpoLoss.Aot)]
    [InlineData(DpoLoss.AotUnpaired)]
    public void Law_of_one_pair_it_is_DPO(DpoLoss loss)
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        PreferencePair[] items = [new(TinyTask.Pairs(1)[0], null)];
        double Of(DpoOptions options)
        {
            using var scope = NewDisposeScope();
            return options.Objective(policy, reference).Evaluate(options.Prepare(items, policy, reference)).SummedLoss.ToDouble();
        }

        Assert.Equal(Of(new DpoOptions()), Of(new DpoOptions { LossType = [loss] }), 1e-5);
    }

    private static (double Value, double[] Gradient) Unpaired(double[] ratios)
    {
        var partners = Aot.UnpairedPartners(ratios);
        var x = tensor(ratios, requires_grad: true);
        ScoredAnswers Answers(long from) => new(x.narrow(0, from, 3), zeros(3, ScalarType.Float64), ones(3, ScalarType.Float64));
        var text = new Core.Tokens.TokenSequence([1, 2], 1);
        var pairs = new ScoredPairs(Answers(0), Answers(3))
        {
            Items = [.. partners.Select(p => new PreferencePair(new Core.Tokens.TokenPair(text, text), null) { Partner = p })],
        };
        var loss = Aot.Unpaired(pairs, margin => Dpo.Loss(margin, 0.7)).sum();
        loss.backward();
        return (loss.ToDouble(), x.grad!.data<double>().ToArray());
    }
}
