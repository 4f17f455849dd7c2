using Attune.Core.Tokens;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

/// <summary>What counts tokens otherwise (LD-DPO), weighs pairs (WPO) or moves the reference (TR-DPO).</summary>
public sealed class ReferenceVariantsTests
{
    [Fact]
    public void LD_DPO_counts_what_is_longer_than_the_other_answer_alpha_times()
    {
        using var policy = TinyModels.Language(1);
        var (longer, shorter) = (new TokenSequence([1, 3, 4, 5, 6, 7], 2), new TokenSequence([1, 3, 8, 9], 2));
        var beginning = new TokenSequence([1, 3, 4, 5], 2);
        var sums = AnswerSums.Plain(policy, [longer, beginning]);
        using var scope = NewDisposeScope();
        var (scored, _) = ScoredAnswers.Of(policy, null, [longer, shorter], [0, 0], new Tails([2, 2], 0.25));
        Assert.Equal(0.25 * sums[0] + 0.75 * sums[1], scored.LogProbs[0].ToDouble(), 1e-5);
        Assert.Equal(sums[0], scored.Likelihood[0].ToDouble(), 1e-5);
        Assert.Equal(scored.Likelihood[1].ToDouble(), scored.LogProbs[1].ToDouble(), 1e-6);
    }

    [Fact]
    public void WPO_aligns_by_the_chance_that_two_draws_agree()
    {
        // Logits log 3, 0: p = (.75, .25); .75^2 + .25^2 = .625.
        using var scope = NewDisposeScope();
        Assert.Equal(
            Math.Log(0.625),
            Wpo.LogCollision(
                    tensor(
                        new[,]
                        {
                            { Math.Log(3), 0.0 },
                        }
                    )
                )
                .ToDouble(),
            1e-9
        );
    }

    [Fact]
    public void WPO_multiplies_a_pairs_loss_by_both_answers_weights_without_a_gradient_through_them()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var pair = TinyTask.Pairs(1)[0];
        var weight = Weight(policy, pair.Chosen) * Weight(policy, pair.Rejected);
        var (plain, plainGradient) = Of(new DpoOptions());
        var (weighted, weightedGradient) = Of(new DpoOptions { UseWeighting = true });
        Assert.Equal(weight * plain, weighted, 1e-5);
        Assert.All(plainGradient.Zip(weightedGradient), g => Assert.Equal(weight * g.First, g.Second, 1e-4));

        (double Loss, float[] Gradient) Of(DpoOptions options)
        {
            policy.Weights.AttachGradients().zero_();
            using var scope = NewDisposeScope();
            var loss = options.Objective(policy, reference).Evaluate([new PreferencePair(pair, null)]).SummedLoss;
            loss.backward();
            return (loss.ToDouble(), TinyModels.Values(policy.Weights.Gradients!));
        }
    }

    [Fact]
    public void A_moving_reference_goes_its_share_of_the_way_at_its_updates()
    {
        using var policy = TinyModels.Language(1);
        using var reference = TinyModels.Language(2);
        var (own, other) = (TinyModels.WeightsOf(policy), TinyModels.WeightsOf(reference));
        var options = new MovingReferenceOptions
        {
            SyncRefModel = true,
            RefModelMixupAlpha = 0.25,
            RefModelSyncSteps = 2,
        };
        var moving = new MovingReference(options, policy, reference);
        moving.Follow(0);
        moving.Follow(1);
        Assert.Equal(other, TinyModels.WeightsOf(reference));
        moving.Follow(2);
        Assert.All(
            TinyModels.WeightsOf(reference).Zip(own.Zip(other)),
            w => Assert.Equal(0.25 * w.Second.First + 0.75 * w.Second.Second, w.First, 1e-6)
        );
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_reference_that_moves_cannot_be_computed_beforehand_or_absent(bool free, bool precomputed) =>
        Assert.Single(
            new ReferenceOptions
            {
                Moves = new() { SyncRefModel = true },
                ReferenceFree = free,
                PrecomputeRefLogProbs = precomputed,
            }.Validate(null!)
        );

    /// <summary>exp of the mean of log p(token) - log sum p^2.</summary>
    private static double Weight(LanguageModel policy, TokenSequence answer)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var batch = TokenBatch.Of([answer]);
        var logProbs = AnswerLogProbs.Logits(policy, AnswerLogProbs.Hidden(policy, batch), 1).log_softmax(-1);
        var own = logProbs.gather(1, batch.Targets.unsqueeze(1)).squeeze(1);
        return (own - logProbs.exp().square().sum(1).log()).mean().exp().ToDouble();
    }
}
