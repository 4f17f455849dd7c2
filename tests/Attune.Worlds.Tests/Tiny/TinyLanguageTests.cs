using Attune.Core.Runs;
using Attune.Worlds.Tiny;

namespace Attune.Worlds.Tests.Tiny;

public sealed class TinyLanguageTests
{
    private static IEnumerable<string> Answers(int longest) => longest < 0 ? [] : Answers(longest - 1).Concat(Words(longest));

    private static IEnumerable<string> Words(int length) =>
        length == 0 ? [""] : Words(length - 1).SelectMany(w => TinyLanguage.Letters.Select(l => w + l));

    [Fact]
    public void Probabilities_of_all_answers_sum_to_1() =>
        Assert.All(TinyLanguage.Prompts, prompt => Assert.Equal(1, Answers(5).Sum(a => TinyLanguage.ProbabilityOf(prompt, a)), 1e-12));

    [Fact]
    public void Drawn_texts_follow_the_probabilities()
    {
        var drawn = TinyLanguage
            .Demonstrations(new Seed(4), 20_000)
            .Where(d => d.Prompt == TinyLanguage.Prompts[0])
            .Select(d => d.Answer)
            .ToArray();
        foreach (var answer in new[] { "", "e", "ef", "efg", "a" })
        {
            var expected = TinyLanguage.ProbabilityOf(TinyLanguage.Prompts[0], answer);
            var error = Math.Sqrt(expected * (1 - expected) / drawn.Length);
            Assert.Equal(expected, drawn.Count(a => a == answer) / (double)drawn.Length, 4.5 * error);
        }
    }

    [Fact]
    public void A_longer_corpus_begins_with_the_shorter_one() =>
        Assert.Equal(TinyLanguage.Demonstrations(new Seed(1), 10), TinyLanguage.Demonstrations(new Seed(1), 30).Take(10));

    [Fact]
    public void Utility_equals_the_value_worked_out_by_hand()
    {
        // "ace" to "ad": echo .9, pairs ac and ce 2.2, length 3 exactly, nothing twice, baseline .25.
        Assert.Equal(3.35, new TinyUtility().Of(TinyLanguage.Prompts[0], "ace").Total, 1e-12);
        // "acac": echo .9, one distinct pair 1.1, one letter too many -.55, two letters again -2.4, baseline .25.
        Assert.Equal(-0.7, new TinyUtility().Of(TinyLanguage.Prompts[0], "acac").Total, 1e-12);
        // The proxy counts ac twice and likes length: .9 + 2.2 + .8 - .9.
        Assert.Equal(3.0, new TinyProxy().Of(TinyLanguage.Prompts[0], "acac").Total, 1e-12);
    }

    [Fact]
    public void Over_its_own_texts_the_utility_has_mean_0_and_deviation_1_to_a_tenth()
    {
        var (mean, square) = (0.0, 0.0);
        foreach (var prompt in TinyLanguage.Prompts)
        {
            foreach (var answer in Answers(5))
            {
                var (share, value) = (
                    TinyLanguage.ProbabilityOf(prompt, answer) / TinyLanguage.Prompts.Length,
                    new TinyUtility().Of(prompt, answer).Total
                );
                (mean, square) = (mean + (share * value), square + (share * value * value));
            }
        }

        Assert.Equal(0, mean, 0.1);
        Assert.Equal(1, Math.Sqrt(square - (mean * mean)), 0.1);
    }
}
