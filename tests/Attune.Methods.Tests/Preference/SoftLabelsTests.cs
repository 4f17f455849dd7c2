using Attune.Core;
using Attune.Core.Tokens;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>Pairs whose label has a probability.</summary>
public sealed class SoftLabelsTests
{
    private static readonly Dictionary<string, IPairMethod> Methods = new()
    {
        ["dpo"] = new DpoOptions(),
        ["dpo odpo"] = new DpoOptions { OffsetWeight = 0.5 },
        ["dpo mixed"] = new DpoOptions { LossType = [DpoLoss.NcaPair, DpoLoss.Sft], RpoAlpha = 0.3 },
        ["dpo wpo ld"] = new DpoOptions { UseWeighting = true, LdAlpha = 0.5 },
        ["ipo"] = new IpoOptions(),
        ["psipo"] = new PsiPoOptions { Psi = PsiKind.Probit },
        ["orpo"] = new OrpoOptions(),
        ["simpo"] = new SimPoOptions(),
        ["slic"] = new SlicOptions(),
        ["cpo"] = new CpoOptions { NllMean = NllMean.Answer },
    };

    public static TheoryData<string> Names => [.. Methods.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Law_a_pair_with_probability_p_is_the_pair_p_times_and_the_turned_pair_the_rest(string name)
    {
        var method = Methods[name];
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        using var scope = NewDisposeScope();
        double Loss(TokenPair pair) => method.Objective(policy, reference).Evaluate([new PreferencePair(pair, null)]).SummedLoss.ToDouble();
        foreach (var pair in TinyTask.Pairs(4))
        {
            var turned = new TokenPair(pair.Rejected, pair.Chosen, -pair.Margin);
            Assert.Equal(0.7 * Loss(pair) + 0.3 * Loss(turned), Loss(pair with { Probability = 0.7 }), 2e-4);
            Assert.Equal(Loss(turned), Loss(pair with { Probability = 0 }), 2e-4);
        }
    }

    [Fact]
    public void DPO_with_a_probability_is_conservative_DPO_pair_by_pair()
    {
        using var policy = TinyModels.Language(1);
        using var scope = NewDisposeScope();
        var pair = TinyTask.Pairs(1)[0];
        double Loss(TokenPair p, double smoothing) =>
            new Dpo.Objective(new DpoOptions { LabelSmoothing = smoothing }, policy, null)
                .Evaluate([new PreferencePair(p, new ReferenceLogProbs(-20, -21))])
                .SummedLoss.ToDouble();
        Assert.Equal(Loss(pair, 0.2), Loss(pair with { Probability = 0.8 }, 0), 1e-5);
        // Both together: right with probability .8 * .9 + .2 * .1 = .74.
        Assert.Equal(Loss(pair, 0.26), Loss(pair with { Probability = 0.8 }, 0.1), 1e-5);
    }

    [Fact]
    public void Margins_of_uncertain_pairs_come_to_rest_where_the_probability_says()
    {
        // The derivative of p l(m) + (1 - p) l(-m) is 0 where sigma(beta m) = p: at m = log(3) / beta for p = 3/4.
        using var scope = NewDisposeScope();
        var margin = tensor(new[] { Math.Log(3) / 0.5 }, requires_grad: true);
        (0.75 * Dpo.Loss(margin, 0.5) + 0.25 * Dpo.Loss(-margin, 0.5)).sum().backward();
        Assert.Equal(0, margin.grad!.ToDouble(), 1e-12);
    }

    [Fact]
    public void Accuracy_goes_by_what_the_label_says_and_leaves_out_ties()
    {
        using var policy = TinyModels.Language(1);
        using var scope = NewDisposeScope();
        double? Accuracy(params double[] probabilities)
        {
            // The chosen answer's reward is far above the rejected one's in all of them.
            var pairs = TinyTask.Pairs(probabilities.Length);
            var metrics = new Dpo.Objective(new DpoOptions(), policy, null)
                .Evaluate([
                    .. pairs.Select(
                        (p, i) => new PreferencePair(p with { Probability = probabilities[i] }, new ReferenceLogProbs(-900, 0))
                    ),
                ])
                .Metrics;
            return metrics.Contains("rewards/accuracies") ? metrics["rewards/accuracies"] : null;
        }

        Assert.Equal(1, Accuracy(1, 0.9, 0.5));
        Assert.Equal(0.5, Accuracy(1, 0.1, 0.5));
        Assert.Null(Accuracy(0.5, 0.5));
    }

    [Fact]
    public void Means_over_tokens_count_what_is_imitated_on_average()
    {
        // Chosen answers of 2 and 4 tokens, the second's rejected one of 8 with probability 1/4: mean (2 + 3/4 4 + 1/4 8) / 2 = 3.5.
        TokenSequence Answer(int length) => new([1, .. Enumerable.Repeat(3, length)], 1);
        PreferencePair[] pairs =
        [
            new(new TokenPair(Answer(2), Answer(5)), null),
            new(new TokenPair(Answer(4), Answer(8)) { Probability = 0.75 }, null),
        ];
        var shared = new DpoOptions { NllMean = NllMean.Token }.Prepare(pairs, null!, null);
        Assert.Equal([2 / 3.5, 4 / 3.5], shared.Select(p => p.TokenShare), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(8 / 3.5, shared[1].Turned().TokenShare, 1e-12);
    }

    [Fact]
    public void AOT_refuses_a_probability()
    {
        using var policy = TinyModels.Language(1);
        var problem = Assert.Throws<DataException>(() =>
            new DpoOptions { LossType = [DpoLoss.Aot] }.Prepare(
                [new PreferencePair(TinyTask.Pairs(1)[0] with { Probability = 0.6 }, null)],
                policy,
                policy
            )
        );
        Assert.Contains("probability has no meaning", problem.Message, StringComparison.Ordinal);
    }
}
