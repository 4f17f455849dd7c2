using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Training.Rewards;
using static Attune.Training.Tests.Rewards.RewardSamples;

namespace Attune.Training.Tests.Rewards;

public sealed class WeightedRewardTests
{
    [Fact]
    public async Task A_sum_tells_its_parts_before_their_weights_and_each_has_its_curve()
    {
        RewardTerm[] terms =
        [
            new LexiconTerm
            {
                Lexicon = new Dictionary<string, double> { ["cat"] = 1 },
                Weight = 0.5,
            },
            new LexiconTerm { Lexicon = new Dictionary<string, double> { ["mat"] = -1 } },
            new MatchTerm { Match = "a", Weight = 2 },
        ];
        var scores = await RewardTerm
            .Sum(terms, Context)
            .ScoreAsync([Rollout("cat mat", """{"a": "no"}"""), Rollout("cat", """{"a": "cat"}""")], TestContext.Current.CancellationToken);
        Assert.Equal([-0.5, 2.5], scores.Select(s => s.Total));
        Assert.Equal<RewardPart>([new("lexicon", 1, 0.5), new("lexicon-2", -1, 1), new("match", 0, 2)], scores[0].Parts);
        Assert.All(scores, s => Assert.Equal(s.Total, s.Parts.Sum(p => p.Weight * p.Value), 1e-12));

        var metrics = new Metrics();
        RewardParts.Measure(metrics, scores.Select(s => s.Parts));
        Assert.Equal((0.5, 0.5), (metrics["rewards/match/mean"], metrics["rewards/match/std"]));
        Assert.Equal(-0.5, metrics["rewards/lexicon-2/mean"]);
        Assert.All(metrics.Means().Keys, name => Assert.NotNull(MetricCatalog.Find(name)));
    }
}
