using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training.Batches;
using Attune.Training.Rewards;

namespace Attune.Training.Tests;

public sealed class LowerStatesTests : IDisposable
{
    private readonly LanguageModel _policy = TinyModels.Language(3);
    private readonly LanguageModel _reference;
    private readonly ScalarModel _reward;
    private readonly TokenSequence[] _texts = TinyData.Sequences(50, seed: 4);

    public LowerStatesTests()
    {
        _reference = _policy.Copy();
        _reward = new ScalarModel(_policy, new Seed(5));
        _policy.Weights.Freeze(1);
        MoveUpper(_policy);
    }

    public void Dispose()
    {
        _policy.Dispose();
        _reference.Dispose();
        _reward.Dispose();
    }

    [Fact]
    public void Log_probabilities_are_those_of_models_that_compute_everything_themselves()
    {
        using var shared = new FrozenLayerCache(_policy, 1, long.MaxValue);
        Assert.True(shared.Share(_reference));
        Near(AnswerLogProbs.Of(_policy, _texts, 0.9), AnswerLogProbs.Of(_policy, _texts, 0.9, shared));
        Near(AnswerLogProbs.Of(_reference, _texts, 0.9), AnswerLogProbs.Of(_reference, _texts, 0.9, shared));
        Assert.Equal(_texts.Length, shared.Computed);
        // In other company, as minibatches are: rows come from several kept batches, and none is computed again.
        TokenSequence[] mixed = [.. _texts.Reverse().Where((_, i) => i % 3 != 0)];
        Near(AnswerLogProbs.Of(_reference, mixed), AnswerLogProbs.Of(_reference, mixed, shared: shared));
        Assert.Equal(_texts.Length, shared.Computed);
    }

    [Fact]
    public void Rewards_are_the_same_with_and_without_the_end_token()
    {
        using var shared = new FrozenLayerCache(_policy, 1, long.MaxValue);
        Assert.True(shared.Share(_reward));
        foreach (int? end in new int?[] { null, _texts[0].Tokens[^1] })
        {
            var alone = new RewardModel([_reward], 0.1, 2) { EndToken = end };
            TokenSequence[] read = [.. _texts.Select(t => t.WithoutEnd(end))];
            var expected = read.Select(t => ((AnswerScores.Plain(_reward, [t])[0] - 0.1) / 2)).ToArray();
            Assert.All(alone.Score(_texts).Zip(expected), pair => Assert.Equal(pair.Second, pair.First.Reward, 1e-5));
            Assert.All(
                (alone with { Shared = shared }).Score(_texts).Zip(expected),
                pair => Assert.Equal(pair.Second, pair.First.Reward, 1e-5)
            );
        }

        Assert.Equal(_texts.Length, shared.Computed);
    }

    [Fact]
    public void A_model_with_other_lower_weights_computes_for_itself()
    {
        using var shared = new FrozenLayerCache(_policy, 1, long.MaxValue);
        using var other = TinyModels.Language(9);
        Assert.False(shared.Share(other));
        AnswerLogProbs.Of(_policy, _texts, shared: shared);
        Near(AnswerLogProbs.Of(other, _texts), AnswerLogProbs.Of(other, _texts, shared: shared));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20_000)]
    public void What_does_not_fit_is_computed_again_with_the_same_result(long mostBytes)
    {
        using var shared = new FrozenLayerCache(_policy, 1, mostBytes);
        for (var i = 0; i < 2; i++)
        {
            Near(AnswerLogProbs.Of(_policy, _texts), AnswerLogProbs.Of(_policy, _texts, shared: shared));
            Assert.InRange(shared.Bytes, 0, mostBytes);
        }

        Assert.True(shared.Computed > _texts.Length);
    }

    [Fact]
    public void Forgetting_gives_the_memory_back()
    {
        using var shared = new FrozenLayerCache(_policy, 1, long.MaxValue);
        AnswerLogProbs.Of(_policy, _texts);
        var before = Tensors.Alive();
        AnswerLogProbs.Of(_policy, _texts, shared: shared);
        // 2 batches of at most 32 texts, 32 wide.
        Assert.InRange(
            shared.Bytes,
            _texts.Sum(t => t.Length) * 32L * sizeof(float),
            2 * 32 * _texts.Max(t => t.Length) * 32L * sizeof(float)
        );
        Assert.Equal(before + 2, TorchSharp.torch.Tensor.TotalCount);
        shared.Forget();
        Assert.Equal((0, before), (shared.Bytes, TorchSharp.torch.Tensor.TotalCount));
    }

    [Fact]
    public void Layers_that_learn_cannot_be_kept()
    {
        var problem = Assert.Throws<ArgumentException>(() => new FrozenLayerCache(_policy, 2, 0));
        Assert.Contains("layers.1.norm1.weight is trained", problem.Message, StringComparison.Ordinal);
    }

    private static void MoveUpper(LanguageModel model)
    {
        using var quiet = TorchSharp.torch.no_grad();
        var start = model.Weights.OffsetAbove(1);
        model.Weights.Values.narrow(0, start, model.Weights.Values.numel() - start).mul_(1.1);
    }

    private static void Near(float[][] expected, float[][] actual) =>
        Assert.All(
            expected.Zip(actual),
            pair => Assert.All(pair.First.Zip(pair.Second), numbers => Assert.Equal(numbers.First, numbers.Second, 1e-5f))
        );
}
