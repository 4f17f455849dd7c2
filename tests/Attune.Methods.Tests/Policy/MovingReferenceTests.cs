using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

/// <summary>A reference that follows the policy in methods that sample; that of direct methods is in ReferenceVariantsTests.</summary>
public sealed class MovingReferenceTests
{
    private static readonly RlooOptions Moving = RlooTests.Small with
    {
        Kl = new()
        {
            Moves = new()
            {
                SyncRefModel = true,
                RefModelMixupAlpha = 0.25,
                RefModelSyncSteps = 2,
            },
        },
    };

    [Fact]
    public async Task The_reference_goes_its_share_of_the_way_after_its_updates_and_the_next_round_is_measured_by_it()
    {
        using var tiny = new TinyRollouts(Moving);
        IExperience<GroupItem> experience = new Rloo.Experience(Moving, tiny.Parts);
        var start = Progress.Start(new Seed(1));
        var first = TinyModels.WeightsOf(tiny.Reference);
        using (no_grad())
        {
            tiny.Policy.Weights.Values.mul_(1.5f);
        }

        experience.Updated(start with { Updates = 1 });
        Assert.Equal(first, TinyModels.WeightsOf(tiny.Parts.Reference));
        experience.Updated(start with { Updates = 2 });
        Assert.All(TinyModels.WeightsOf(tiny.Parts.Reference).Zip(first), w => Assert.Equal((0.75 + 0.25 * 1.5) * w.Second, w.First, 1e-5));
        // What evaluations measure by stays.
        Assert.Equal(first, TinyModels.WeightsOf(tiny.Reference));

        var round = (await experience.NextAsync(start with { Round = 1, Updates = 2, Items = 16 }, CancellationToken.None))!;
        foreach (var item in round.Updates.SelectMany(u => u))
        {
            var reference = AnswerLogProbs.Of(tiny.Parts.Reference, [item.Sequence], Moving.Sampling.Temperature)[0];
            Assert.All(reference.Zip(item.Reference), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        }
    }

    [Fact]
    public void A_policy_with_a_moving_reference_comes_to_rest_at_no_posterior()
    {
        IPolicyOptions[] methods =
        [
            Moving,
            new PpoOptions { Kl = Moving.Kl },
            new ReMaxOptions { Kl = Moving.Kl },
            new GrpoOptions
            {
                ScaleRewards = RewardScaling.None,
                Kl = Moving.Kl with { KlEstimator = KlEstimator.K2, KlPlacement = KlPlacement.Loss },
            },
        ];
        Assert.All(methods, m => Assert.Null(m.PosteriorTemperature));
        Assert.NotNull(((IPolicyOptions)RlooTests.Small).PosteriorTemperature);
    }
}
