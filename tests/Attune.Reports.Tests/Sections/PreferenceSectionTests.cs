using Attune.Core.Runs;
using Attune.Reports.Sections;

namespace Attune.Reports.Tests.Sections;

public sealed class PreferenceSectionTests
{
    [Theory]
    [InlineData(-10, -14, "moved towards the chosen answers")]
    [InlineData(-15, -30, "only because rejected ones fell faster")]
    [InlineData(-15, -14, "did not learn to distinguish them")]
    [InlineData(-9, -8, "did not learn to distinguish them")]
    public void The_sentence_says_what_became_of_both(double chosen, double rejected, string words) =>
        Assert.Contains(
            words,
            PreferenceSection.Reading([Look(0, -12, -12), Look(20, -1, -99), Look(40, chosen, rejected)]),
            StringComparison.Ordinal
        );

    [Fact]
    public void There_is_none_without_two_looks() => Assert.Null(PreferenceSection.Reading([Look(0, -12, -12)]));

    private static RunEvent Look(long updates, double chosen, double rejected) =>
        new(
            updates + 1,
            "dpo",
            "round",
            updates,
            updates,
            0,
            new Dictionary<string, double> { ["eval_logps/chosen"] = chosen, ["eval_logps/rejected"] = rejected }
        );
}
