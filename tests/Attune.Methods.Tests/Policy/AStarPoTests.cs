using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training.Contracts;
using Attune.Training.Rollouts;
using CsCheck;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

public sealed class AStarPoTests
{
    internal static AStarPoOptions Small { get; } =
        new()
        {
            NumReferenceAnswers = 3,
            Beta2 = 0.05,
            Rollouts = new() { TotalEpisodes = 32, RolloutBatchSize = 16 },
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new AStarPoOptions().Training with { BatchSize = 8, LearningRate = 3e-3 },
        };

    [Fact]
    public void Values_equal_those_worked_out_by_hand()
    {
        // .5 log((1 + 1 + 1 + e^2) / 4) = .5 log(2.597264) = .477229
        Assert.Equal(0.477229, AStarPo.OptimalValue([0, 0, 1, 0], 0.5), 1e-6);
        Assert.Equal(3, AStarPo.OptimalValue([3, 3], 0.1), 1e-12);
        // Large rewards over a small beta do not overflow.
        Assert.Equal(1000 - 1e-3 * Math.Log(2), AStarPo.OptimalValue([1000, 0], 1e-3), 1e-9);
    }

    [Fact]
    public void Law_the_value_lies_between_the_mean_and_the_best_and_falls_with_beta() =>
        Gen.Select(Gen.Double[-2, 2].Array[1, 8], Gen.Double[0.05, 5])
            .Sample(
                (rewards, beta) =>
                {
                    var value = AStarPo.OptimalValue(rewards, beta);
                    Assert.InRange(value, rewards.Average() - 1e-9, rewards.Max() + 1e-9);
                    Assert.True(AStarPo.OptimalValue(rewards, 2 * beta) <= value + 1e-9);
                }
            );

    [Fact]
    public void Loss_equals_the_value_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // (.5 * 1 - .2)^2 = .09, (.5 * -2 - .5)^2 = 2.25
        var loss = AStarPo.Loss(tensor(new[] { -3.0, -5.0 }), tensor(new[] { -4.0, -3.0 }), tensor(new[] { 0.2, 0.5 }), 0.5);
        Assert.Equal([0.09, 2.25], loss.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Fact]
    public void Gradient_agrees_with_finite_differences() =>
        FiniteDifferences.Agree(
            point => AStarPo.Loss(point, tensor(new[] { -4.0, -3.0, -2.0 }), tensor(new[] { 0.2, 0.5, -0.3 }), 0.7).sum(),
            [-3.0, -5.0, -2.5]
        );

    [Fact]
    public async Task Values_come_from_the_reference_once_a_prompt_whatever_the_policy_has_become()
    {
        using var tiny = new TinyRollouts(Small);
        using var sampler = new Counting();
        var parts = tiny.Parts with { Sampler = sampler };
        var experience = new AStarPo.Experience(Small, parts);
        var start = Progress.Start(new Seed(1));
        var first = (await experience.NextAsync(start, CancellationToken.None))!;
        Assert.Equal(16, first.Updates.Sum(u => u.Count));
        // Six prompts in the pool, all asked about in a round of sixteen: 3 answers of the reference to each.
        Assert.Equal((16 + 18, 16L), (sampler.Drawn, first.Items));
        using (no_grad())
        {
            tiny.Policy.Weights.Values.mul_(1.3f);
        }

        var then = start with { Round = 1, Items = 16, Updates = 2 };
        var second = (await experience.NextAsync(then, CancellationToken.None))!;
        Assert.Equal(16 + 18 + 16, sampler.Drawn);
        var again = (await new AStarPo.Experience(Small, parts).NextAsync(then, CancellationToken.None))!;
        Assert.Equal(Advantages(second), Advantages(again));
        Assert.True(sampler.LastVersion == 2, "the policy's own answers come from its own weights");
    }

    [Fact]
    public async Task The_advantage_is_the_score_less_the_value()
    {
        using var tiny = new TinyRollouts(Small);
        var round = (await new AStarPo.Experience(Small, tiny.Parts).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!;
        foreach (var group in round.Updates.SelectMany(u => u).GroupBy(i => string.Join(' ', i.Sequence.Prompt.ToArray())))
        {
            double[] values = [.. group.Select(i => (double)TinyData.EvenTokens(i.Sequence) / i.Sequence.AnswerLength - i.Advantage)];
            Assert.All(values, v => Assert.Equal(values[0], v, 1e-9));
            Assert.InRange(values[0], 0, 1);
        }
    }

    [Fact]
    public async Task APO_approaches_the_best_policy_there_is()
    {
        using var language = new CountableLanguage();
        var options = new AStarPoOptions
        {
            Beta1 = 0.5,
            Beta2 = 0.25,
            Rollouts = new() { TotalEpisodes = 128 * 80, RolloutBatchSize = 128 },
            Sampling = new() { MaxNewTokens = 2 },
            Training = new AStarPoOptions().Training with { BatchSize = 128, LearningRate = 3e-3 },
        };
        await CountableLanguage.TrainAsync(
            new AStarPo.Objective(options, language.Policy),
            new AStarPo.Experience(options, language.Parts),
            options
        );
        language.IsNearTheBest(0.25);
    }

    private static double[] Advantages(Round<GroupItem> round) => [.. round.Updates.SelectMany(u => u).Select(i => i.Advantage)];

    private sealed class Counting : ISampler, IDisposable
    {
        private readonly LocalSampler _inner = new();

        public int Drawn { get; private set; }

        public long LastVersion { get; private set; }

        public ValueTask UseWeightsAsync(Models.Architecture.LanguageModel policy, long version, CancellationToken cancel)
        {
            LastVersion = version;
            return _inner.UseWeightsAsync(policy, version, cancel);
        }

        public ValueTask<IReadOnlyList<Rollout>> SampleAsync(
            IReadOnlyList<SampleRequest> requests,
            SamplingOptions options,
            CancellationToken cancel
        )
        {
            Drawn += requests.Count;
            return _inner.SampleAsync(requests, options, cancel);
        }

        public void Dispose() => _inner.Dispose();
    }
}
