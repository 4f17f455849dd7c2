using Attune.Core;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Training.Batches;
using Attune.Training.Rewards;
using static TorchSharp.torch;

namespace Attune.Training.Tests;

public sealed class RewardModelTests : IDisposable
{
    private readonly ScalarModel _first = TinyModels.Scalar(1);
    private readonly ScalarModel _second = TinyModels.Scalar(2);
    private readonly TokenSequence[] _reference = TinyData.Sequences(40, seed: 4);
    private readonly TokenSequence[] _others = TinyData.Sequences(20, seed: 5);

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public void A_member_and_the_same_in_another_unit_do_not_disagree()
    {
        using var tripled = _first.Copy();
        using (no_grad())
        {
            tripled.Weights["score"].mul_(3);
        }

        var model = new RewardModel([_first, tripled], 0, 1).Normalised(_reference, RewardNormalisation.MeanAndSd);
        Assert.All(model.Score(_others), s => Assert.Equal(0, s.Spread!.Value, 1e-5));
    }

    [Theory]
    [InlineData(RewardNormalisation.Mean)]
    [InlineData(RewardNormalisation.MeanAndSd)]
    public void The_spread_of_reference_answers_has_no_part_that_all_answers_share(RewardNormalisation normalisation)
    {
        // Half the difference of two members is their standard deviation; signed, it must average to 0 over the reference answers.
        var model = new RewardModel([_first, _second], 0, 1).Normalised(_reference, normalisation);
        var (first, second) = (Alone(model, 0, _reference), Alone(model, 1, _reference));
        Assert.Equal(0, first.Zip(second, (a, b) => a - b).Average(), 1e-6);
        var scores = model.Score(_reference);
        Assert.All(
            Enumerable.Range(0, scores.Length),
            i => Assert.Equal(Math.Abs(first[i] - second[i]) / 2, scores[i].Spread!.Value, 1e-6)
        );
    }

    [Theory]
    [InlineData(RewardAggregation.Mean)]
    [InlineData(RewardAggregation.Minimum)]
    [InlineData(RewardAggregation.MeanMinusSd)]
    [InlineData(RewardAggregation.MeanMinusVariance)]
    public void Rewards_of_reference_answers_have_mean_0_and_deviation_1_however_members_are_aggregated(RewardAggregation aggregation)
    {
        var model = new RewardModel([_first, _second], 0, 1) { Aggregation = aggregation, DisagreementPenalty = 0.7 }.Normalised(
            _reference,
            RewardNormalisation.MeanAndSd
        );
        double[] rewards = [.. model.Score(_reference).Select(s => s.Reward)];
        Assert.Equal(0, rewards.Average(), 1e-9);
        Assert.Equal(1, rewards.Average(r => r * r), 1e-9);
    }

    [Fact]
    public void One_member_is_shifted_and_scaled_as_it_always_was()
    {
        var raw = AnswerScores.Plain(_first, _reference);
        var mean = raw.Average();
        var sd = Math.Sqrt(raw.Average(r => (r - mean) * (r - mean)));
        var model = new RewardModel([_first], 0, 1).Normalised(_reference, RewardNormalisation.MeanAndSd);
        Assert.All(model.Score(_reference).Zip(raw), pair => Assert.Equal((pair.Second - mean) / sd, pair.First.Reward, 1e-9));
        Assert.All(model.Score(_reference), s => Assert.Null(s.Spread));
    }

    [Fact]
    public void Without_length_rewards_of_reference_answers_do_not_go_along_with_it()
    {
        var model = new RewardModel([_first, _second], 0, 1) { DebiasLength = true }.Normalised(_reference, RewardNormalisation.MeanAndSd);
        var mean = _reference.Average(r => r.AnswerLength);
        Assert.Contains(_reference, r => r.AnswerLength != _reference[0].AnswerLength);
        double Slope(IEnumerable<double> rewards) => rewards.Zip(_reference, (r, s) => r * (s.AnswerLength - mean)).Average();
        Assert.Equal(0, Slope(model.Score(_reference).Select(s => s.Reward)), 1e-9);
        Assert.NotEqual(0, Slope(AnswerScores.Plain(_first, _reference)), 1e-6);
        using var folder = new TemporaryFolder();
        model.Save(folder.Path);
        using var loaded = RewardModel.Load(folder.Path);
        Assert.Equal(model.Score(_others), loaded.Score(_others));
    }

    [Fact]
    public void A_saved_ensemble_gives_the_same_rewards()
    {
        using var folder = new TemporaryFolder();
        var model = new RewardModel([_first, _second], 0, 1)
        {
            Aggregation = RewardAggregation.MeanMinusSd,
            DisagreementPenalty = 0.5,
            EndToken = 3,
        }.Normalised(_reference, RewardNormalisation.MeanAndSd);
        model.Save(folder.Path);
        using var loaded = RewardModel.Load(folder.Path);
        Assert.Equal(model.Score(_others), loaded.Score(_others));
        Assert.Null(loaded.SpreadNote);
    }

    [Fact]
    public void A_folder_of_earlier_versions_means_what_it_meant_and_says_what_its_spread_lacks()
    {
        using var folder = new TemporaryFolder();
        new RewardModel([_first, _second], 0, 1).Save(folder.Path);
        File.WriteAllText(
            Path.Combine(folder.Path, "reward_normalization.json"),
            """{"members": 2, "shift": 0.25, "scale": 0.5, "end_token": -1}"""
        );
        using var loaded = RewardModel.Load(folder.Path);
        var (first, second) = (AnswerScores.Plain(_first, _others), AnswerScores.Plain(_second, _others));
        var scores = loaded.Score(_others);
        Assert.All(
            Enumerable.Range(0, scores.Length),
            i => Assert.Equal(((first[i] + second[i]) / 2 - 0.25) / 0.5, scores[i].Reward, 1e-9)
        );
        Assert.Contains("not normalised one by one", loaded.SpreadNote, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"members": 2, "shift": 0, "scale": 1, "units": [{"shift": 0, "scale": 1}]}""", "2 members and 1 units")]
    [InlineData("""{"members": 1, "shift": 0, "scale": 0}""", "scale is 0")]
    [InlineData("""{"members": 0, "shift": 0, "scale": 1}""", "members is 0")]
    [InlineData("""{"members": 1, "scale": 1}""", "shift")]
    [InlineData("""{"members": 1, "shift": 0, "scale": 1, "aggregation": "median"}""", "aggregation")]
    public void A_damaged_folder_says_what_is_wrong(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        new RewardModel([_first], 0, 1).Save(folder.Path);
        File.WriteAllText(Path.Combine(folder.Path, "reward_normalization.json"), text);
        var problem = Assert.Throws<ModelFileException>(() => RewardModel.Load(folder.Path));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    private static double[] Alone(RewardModel model, int member, TokenSequence[] sequences) =>
        Array.ConvertAll(AnswerScores.Plain(model.Members[member], sequences), model.UnitAlone(member).Of);
}
