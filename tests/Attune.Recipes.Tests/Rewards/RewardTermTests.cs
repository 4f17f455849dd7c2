using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;
using Attune.Testing;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;

namespace Attune.Recipes.Tests.Rewards;

public sealed class RewardTermTests
{
    private static readonly Encoder Encoder = new(
        BytePairTrainer.Train(["the cat sat on the mat"], 280, new("<s>", "</s>", null)),
        ChatTemplates.Plain
    );

    public RewardTermTests() => RewardRegistry.Register(typeof(ShoutingTerm).Assembly);

    [Fact]
    public async Task A_reward_of_another_assembly_is_a_term_of_recipes_as_any_other()
    {
        var terms = Terms("{shouting: 3, weight: 2}, {lexicon: {cat: 1, fine: 0.5}}, {length: 4, weight: 0.1}, {pattern: '^T.E'}");
        Assert.Equal([typeof(ShoutingTerm), typeof(LexiconTerm), typeof(LengthTerm), typeof(PatternTerm)], terms.Select(t => t.GetType()));
        Assert.Equal([2, 1, 0.1, 1], terms.Select(t => t.Weight));
        var reward = RewardTerm.Sum(terms, Context());
        var rollout = new Rollout(Encoder.Encode(new Prompt.Text("the"), "THE CAT, cat"), [], StopReason.EndToken, 0);
        var score = Assert.Single(await reward.ScoreAsync([rollout], TestContext.Current.CancellationToken));
        Assert.Equal(2 * -6 / 12.0 + 1 + 0.1 * -0.25 + 1, score.Total, 1e-12);
    }

    [Fact]
    public void Its_own_rules_are_asked_before_anything_runs()
    {
        var problem = Assert.Throws<ConfigurationException>(() => RewardTerm.Sum(Terms("{shouting: 0}"), Context()));
        Assert.Equal("ppo.reward.shouting is 0; expected 1 or more.", Assert.Single(problem.Problems));
    }

    [Theory]
    [InlineData(
        "{weight: 2}",
        "ppo.reward.0: expected exactly one of command, generative, http, length, lexicon, match, model, pattern, process, "
            + "rubric, spans, shouting; "
            + "found none."
    )]
    [InlineData("{length: 2, pattern: a}", "found length and pattern")]
    [InlineData("{lexikon: {a: 1}}", "Did you mean 'lexicon'?")]
    [InlineData("{length: 0}", "ppo.reward.0.length is 0; expected 1 to 1000000.")]
    [InlineData("{length: 2, label: GOOD}", "ppo.reward.0.label is not a key here.")]
    public void A_term_that_is_none_says_what_there_is(string term, string words) =>
        Assert.Contains(words, Assert.Throws<ConfigurationException>(() => Terms(term)).Message, StringComparison.Ordinal);

    [Fact]
    public void Resolved_recipes_of_earlier_versions_name_the_keys_of_all_rewards()
    {
        var term = Assert.Single(Terms("{weight: 1, model: trained, label: null, lexicon: null, pattern: null, length: null}"));
        Assert.Equal(new ModelTerm { Model = ModelTerm.Trained }, term);
    }

    [Fact]
    public void What_is_written_reads_back_the_same()
    {
        var recipe = Bind("{shouting: 3, weight: 2}, {model: trained}");
        var written = RecipeWriter.Write(recipe);
        Assert.DoesNotContain("pattern", written, StringComparison.Ordinal);
        Assert.Equal(Terms(recipe), Terms(Recipe.Bind(RecipeFile.Parse(written, "again.yaml"))));
    }

    [Fact]
    public void The_page_of_rewards_has_the_registrys_table()
    {
        var rows = File.ReadLines(Checkout.File("docs", "rewards.md"))
            .Where(l => l.StartsWith("| `", StringComparison.Ordinal))
            .Select(l => l.Split('|'))
            .Select(r => (Key: r[1].Trim(' ', '`'), Summary: r[2].Trim()));
        var own = RewardRegistry.Cards.Where(c => c.Record.Assembly == typeof(RewardRegistry).Assembly);
        Assert.Equal(own.Select(c => (c.Key, c.Summary)), rows);
    }

    private static RewardContext Context() =>
        new()
        {
            Stage = "ppo",
            Encoder = Encoder,
            Owned = [],
        };

    private static RewardTerm[] Terms(string terms) => Terms(Bind(terms));

    private static RewardTerm[] Terms(Recipe recipe) => [.. ((PpoStage)Assert.Single(recipe.Stages)).Task.Reward];

    private static Recipe Bind(string terms) =>
        Recipe.Bind(RecipeFile.Parse($"stages: [{{ppo: {{prompts: reviews:prompts, rows: 4, reward: [{terms}]}}}}]", "recipe.yaml"));
}
