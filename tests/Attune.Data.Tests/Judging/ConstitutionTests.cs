using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Data.Judging;

namespace Attune.Data.Tests.Judging;

public sealed class ConstitutionTests
{
    private static readonly Principle Plain = new()
    {
        Id = "plain",
        Title = "says nothing idiotic",
        CritiqueRequest = "What is idiotic?",
        RevisionRequest = "Take it out.",
        ComparisonQuestion = "Which is less idiotic?",
        Avoid = [new() { Word = "idiotic", Instead = "muddled" }, new() { Word = "last scene" }],
    };

    [Fact]
    public void Principles_are_drawn_by_their_weights_among_those_that_apply()
    {
        var constitution = new Constitution
        {
            Title = "t",
            Principles =
            [
                Plain with
                {
                    Id = "three",
                    Weight = 3,
                },
                Plain with
                {
                    Id = "one",
                },
                Plain with
                {
                    Id = "never",
                    Weight = 0,
                },
                Plain with
                {
                    Id = "comparison",
                    AppliesTo = PrincipleUse.Comparison,
                    Weight = 100,
                },
                Plain with
                {
                    Id = "pens",
                    PromptsWith = ["pen"],
                    Weight = 1e6,
                },
            ],
        };
        var drawn = Enumerable.Range(0, 4000).Select(i => Draw("A letter.", i)).ToArray();
        Assert.Equal(["one", "three"], drawn.Distinct().Order());
        Assert.InRange(drawn.Count(d => d == "three"), 2900, 3100);
        Assert.Equal("pens", Draw("What can a PEN do?", 1));
        Assert.Null(
            new Constitution { Title = "t", Principles = [constitution.Principles[3]] }.Draw(
                PrincipleUse.Revision,
                new Prompt.Text("x"),
                new Seed(1)
            )
        );

        string? Draw(string prompt, int i) =>
            constitution.Draw(PrincipleUse.Revision, new Prompt.Text(prompt), new Seed(7).For("d", i))?.Id;
    }

    [Fact]
    public void A_hash_changes_with_every_word()
    {
        var constitution = new Constitution { Title = "t", Principles = [Plain] };
        Assert.Equal(constitution.Hash, (constitution with { Principles = [Plain with { }] }).Hash);
        Assert.NotEqual(constitution.Hash, (constitution with { Principles = [Plain with { CritiqueRequest = "What is it?" }] }).Hash);
    }

    [Theory]
    [InlineData(" An idiotic plot. Good.", " A muddled plot. Good.")]
    [InlineData(" Idiotic plot.", " Muddled plot.")]
    [InlineData(" The last scene drags. It is an idiotic film.", " It is a muddled film.")]
    [InlineData(" The last scene drags.", " I would rather not say.")]
    [InlineData(" Nonidiotic.", " Nonidiotic.")]
    public async Task The_critic_by_rule_replaces_words_and_leaves_out_sentences(string answer, string revised)
    {
        var draft = new Draft(new Prompt.Text("x"), answer, Plain, new Seed(1));
        Assert.Equal(revised, (await new RuleCritic().ReviseAsync([draft], null, TestContext.Current.CancellationToken))[0]);
    }

    [Fact]
    public async Task The_critic_by_rule_names_what_it_found()
    {
        var draft = new Draft(new Prompt.Text("x"), " Idiotic, and the last scene is idiotic.", Plain, new Seed(1));
        var critiques = await new RuleCritic().CritiqueAsync(
            [draft, draft with { Answer = " Fine." }],
            null,
            TestContext.Current.CancellationToken
        );
        Assert.Equal("It says \"idiotic\", \"last scene\", against this principle: says nothing idiotic.", critiques[0]);
        Assert.Equal("Nothing in it is against this principle: says nothing idiotic.", critiques[1]);
    }

    [Fact]
    public void One_word_more_is_two_nats_of_odds()
    {
        Assert.Equal(0.880797, RuleCritic.Compare(Plain, "fine", "idiotic"), 1e-6);
        Assert.Equal(0.017986, RuleCritic.Compare(Plain, "idiotic, idiotic", "fine"), 1e-6);
        Assert.Equal(0.5, RuleCritic.Compare(Plain, "idiotic", "last scene"));
    }

    [Theory]
    [InlineData("I would rather not say.", true)]
    [InlineData("I'm sorry, but I can't do that for you.", true)]
    [InlineData("A good film.", true)]
    [InlineData("A good film that I would see again, I think.", false)]
    public void What_says_nothing_is_evasive(string answer, bool evasive) => Assert.Equal(evasive, Evasion.Is(answer));
}
