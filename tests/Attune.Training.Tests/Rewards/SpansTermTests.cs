using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Testing;
using Attune.Training.Rewards;

namespace Attune.Training.Tests.Rewards;

public sealed class SpansTermTests : IDisposable
{
    /// <summary>Two sentences, the second of two sub-sentences.</summary>
    private const string Answer = " the cat sat. the mat sat on the cat, on the mat sat the cat.";

    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _owned = [];

    public void Dispose()
    {
        _owned.ForEach(o => o.Dispose());
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0.9, false, 0.5)]
    [InlineData(0.5, false, -0.3)]
    [InlineData(0.1, false, -0.3)]
    [InlineData(1, true, 0.5)]
    [InlineData(0.75, true, 0.3)]
    [InlineData(0, true, -0.3)]
    public void A_part_is_worth_its_verdict_or_a_value_between(double good, bool soft, double expected) =>
        Assert.Equal(
            expected,
            new SpansTerm
            {
                Spans = "m",
                Good = 0.5,
                Bad = -0.3,
                Soft = soft,
            }.Value(good),
            1e-12
        );

    [Theory]
    [InlineData(SpanDensity.SubSentence, new[] { " the cat sat.", " the cat sat. the mat sat on the cat,", Answer })]
    [InlineData(SpanDensity.Sentence, new[] { " the cat sat.", Answer })]
    [InlineData(SpanDensity.Answer, new[] { Answer })]
    public async Task A_verdict_stands_at_the_token_at_which_its_part_ends(SpanDensity density, string[] upTo)
    {
        Save("m", density);
        var rollout = RewardSamples.Rollout(Answer);
        var score = await ScoreAsync(Term("m"), rollout);
        var answer = rollout.Sequence.Answer.ToArray();
        Assert.Equal(
            upTo,
            score.TokenRewards.Select(m => RewardSamples.Encoder.Tokenizer.DecodeContinuation(answer.AsSpan(..(m.Position + 1))))
        );
        Assert.All(score.TokenRewards, m => Assert.True(m.Value is 1 or -1));
    }

    [Fact]
    public async Task Verdicts_of_models_at_one_token_add_up()
    {
        Save("whole", SpanDensity.Answer);
        Save("sentences", SpanDensity.Sentence);
        var rollout = RewardSamples.Rollout(Answer);
        var (whole, sentences) = (await ScoreAsync(Term("whole"), rollout), await ScoreAsync(Term("sentences"), rollout));
        var both = (
            await RewardTerm
                .Sum([Term("whole") with { Weight = 0.5 }, Term("sentences") with { Weight = 2 }], Context)
                .ScoreAsync([rollout], TestContext.Current.CancellationToken)
        )[0];
        var last = both.TokenRewards.Where(m => m.Position == sentences.TokenRewards[^1].Position).Sum(m => m.Value);
        Assert.Equal((0.5 * whole.Total) + (2 * sentences.TokenRewards[^1].Value), last, 1e-12);
        Assert.Equal((0.5 * whole.Total) + (2 * sentences.Total), both.Total, 1e-12);
    }

    [Fact]
    public async Task Together_the_verdicts_stand_at_the_last_token()
    {
        Save("m", SpanDensity.SubSentence);
        var rollout = RewardSamples.Rollout(Answer);
        var mark = Assert.Single((await ScoreAsync(Term("m") with { Together = true }, rollout)).TokenRewards);
        Assert.Equal(rollout.Sequence.AnswerLength - 1, mark.Position);
        Assert.Equal((await ScoreAsync(Term("m"), rollout)).Total, mark.Value, 1e-12);
    }

    [Fact]
    public async Task An_answer_that_says_nothing_is_as_bad_as_a_bad_part()
    {
        Save("m", SpanDensity.Sentence);
        Assert.Equal(-1, (await ScoreAsync(Term("m"), RewardSamples.Rollout(" "))).Total);
    }

    [Fact]
    public void A_model_that_is_not_there_is_told()
    {
        Assert.Contains(
            "no fine-grained stage comes before",
            Assert.Single(Term("x").Missing(new RewardPlan("ppo", HasTrainedModel: true))),
            StringComparison.Ordinal
        );
        Assert.Empty(Term("x").Missing(new RewardPlan("ppo", HasTrainedModel: false) { HasSpanModels = true }));
        Assert.Contains(
            "there is no span model in",
            Assert.Throws<ConfigurationException>(() => Term("x").Build(Context)).Message,
            StringComparison.Ordinal
        );
    }

    private RewardContext Context => RewardSamples.Context with { Owned = _owned, SpanFolder = _folder.Path };

    private static SpansTerm Term(string name) =>
        new()
        {
            Spans = name,
            Good = 1,
            Bad = -1,
        };

    private async Task<Score> ScoreAsync(SpansTerm term, Rollout rollout) =>
        Assert.Single(await term.Build(Context).ScoreAsync([rollout], TestContext.Current.CancellationToken));

    private void Save(string name, SpanDensity density)
    {
        using var language = new LanguageModel(
            TransformerConfig.Gpt2(RewardSamples.Encoder.Tokenizer.VocabularySize, width: 16, layers: 1, heads: 2, contextLength: 64),
            new Seed(5)
        );
        using var model = new ProcessModel(
            new TokenClassifier(language, ["bad", "good"], new Seed(6)),
            new StepEncoding("\n", false) { Density = density }
        );
        model.Save(_folder.File(name));
        RewardSamples.Encoder.Save(_folder.File(name));
    }
}
