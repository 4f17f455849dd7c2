using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>What the objectives on pairs share: the forward pass, the reference in its three forms, the metrics.</summary>
public sealed class PairObjectiveTests
{
    [Fact]
    public void Live_and_cached_reference_give_the_same_loss()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var pairs = TinyTask.Pairs(6);
        var (chosen, rejected) = (
            AnswerSums.Plain(reference, [.. pairs.Select(p => p.Chosen)]),
            AnswerSums.Plain(reference, [.. pairs.Select(p => p.Rejected)])
        );
        var live = Loss(new Dpo.Objective(new DpoOptions(), policy, reference), [.. pairs.Select(p => new PreferencePair(p, null))]);
        var cached = Loss(
            new Dpo.Objective(new DpoOptions(), policy, null),
            [.. pairs.Select((p, i) => new PreferencePair(p, new ReferenceLogProbs(chosen[i], rejected[i])))]
        );
        Assert.Equal(live, cached, 1e-4);
        Assert.NotEqual(6 * Math.Log(2), live, 1e-3);
    }

    [Fact]
    public void A_policy_that_is_its_reference_has_loss_log_2_and_prefers_nothing()
    {
        using var policy = TinyModels.Language(1);
        using var reference = policy.Copy();
        using var scope = NewDisposeScope();
        var (loss, metrics) = new Dpo.Objective(new DpoOptions(), policy, reference).Evaluate([
            .. TinyTask.Pairs(6).Select(p => new PreferencePair(p, null)),
        ]);
        Assert.Equal(6 * Math.Log(2), loss.ToDouble(), 1e-5);
        Assert.Equal((0.0, 0.0), (Math.Round(metrics["rewards/margins"], 5), Math.Round(metrics["rewards/chosen"], 5)));
    }

    [Fact]
    public void Metrics_are_what_they_are_called()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var pairs = TinyTask.Pairs(5);
        using var scope = NewDisposeScope();
        var (_, metrics) = new Dpo.Objective(new DpoOptions { Beta = 0.3 }, policy, reference).Evaluate([
            .. pairs.Select(p => new PreferencePair(p, null)),
        ]);
        double[] Own(LanguageModel model, bool chosen) => AnswerSums.Plain(model, [.. pairs.Select(p => chosen ? p.Chosen : p.Rejected)]);
        var chosen = Own(policy, true).Zip(Own(reference, true), (p, r) => 0.3 * (p - r)).ToArray();
        var rejected = Own(policy, false).Zip(Own(reference, false), (p, r) => 0.3 * (p - r)).ToArray();
        Assert.Equal(chosen.Average(), metrics["rewards/chosen"], 1e-4);
        Assert.Equal(rejected.Average(), metrics["rewards/rejected"], 1e-4);
        Assert.Equal(chosen.Average() - rejected.Average(), metrics["rewards/margins"], 1e-4);
        Assert.Equal(chosen.Zip(rejected).Average(p => p.First > p.Second ? 1.0 : 0), metrics["rewards/accuracies"], 1e-9);
        Assert.Equal(Own(policy, true).Average(), metrics["logps/chosen"], 1e-4);
        Assert.Equal(MeanLogit(policy, pairs), metrics["logits/chosen"], 1e-4);
    }

    [Fact]
    public void Without_a_reference_one_must_not_be_needed()
    {
        using var policy = TinyModels.Language(1);
        PreferencePair[] items = [.. TinyTask.Pairs(3).Select(p => new PreferencePair(p, null))];
        Assert.Throws<ArgumentNullException>(() => Loss(new Dpo.Objective(new DpoOptions(), policy, null), items));
        Assert.True(double.IsFinite(Loss(new SimPo.Objective(new SimPoOptions(), policy), items)));
    }

    [Fact]
    public void The_gradient_does_not_reach_the_reference()
    {
        using var policy = TinyModels.Language(1);
        using var reference = policy.Copy();
        policy.Weights.AttachGradients();
        reference.Weights.AttachGradients();
        using var scope = NewDisposeScope();
        new Dpo.Objective(new DpoOptions(), policy, reference)
            .Evaluate([.. TinyTask.Pairs(3).Select(p => new PreferencePair(p, null))])
            .SummedLoss.backward();
        Assert.True(policy.Weights.Gradients!.abs().max().ToDouble() > 0);
        Assert.Equal(0, reference.Weights.Gradients!.abs().max().ToDouble());
    }

    private static double MeanLogit(LanguageModel model, Core.Tokens.TokenPair[] pairs)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var batch = TokenBatch.Of([.. pairs.Select(p => p.Chosen)]);
        return AnswerLogProbs.Logits(model, AnswerLogProbs.Hidden(model, batch), 1).mean().ToDouble();
    }

    private static double Loss(PairObjective objective, IReadOnlyList<PreferencePair> items)
    {
        using var scope = NewDisposeScope();
        return objective.Evaluate(items).SummedLoss.ToDouble();
    }
}
