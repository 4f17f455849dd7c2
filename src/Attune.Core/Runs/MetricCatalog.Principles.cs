namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private const string Constitutional = "Bai et al. 2022";

    private static MetricGroup Principles =>
        new(
            "Constitutional AI",
            [
                new(
                    "broken_share",
                    "1",
                    "Share of the held-out answers with a word that some principle avoids; with _before and _after.",
                    Own
                ),
                new("broken_share_low", "1", "Lower end of its 95% interval; with _before and _after.", "Wilson 1927"),
                new("broken_share_high", "1", "Upper end of its 95% interval; with _before and _after.", "Wilson 1927"),
                .. BeforeAfter("broken_share", "broken_share before and after the stage."),
                .. BeforeAfter("broken_share_low", "broken_share_low before and after the stage."),
                .. BeforeAfter("broken_share_high", "broken_share_high before and after the stage."),
                new("broken_share/<principle>", "1", "The same of one principle; with _before and _after.", Own),
                new("evasive_share", "1", "Share of those answers that are refused or have fewer than five words.", Own),
                .. BeforeAfter("evasive_share", "evasive_share before and after the stage."),
                new("gold_reward", "reward", "Mean hidden utility of those answers: help.", Own),
                new("revised_share", "1", "Share of the answers that critiques and revisions changed.", Constitutional),
                new("broken_share_responses", "1", "broken_share of the answers that were revised.", Own),
                new("broken_share_revisions", "1", "broken_share of their last revisions.", Own),
                new("evasive_share_revisions", "1", "evasive_share of their last revisions.", Own),
                new("labels_of_people", "labels", "Labels to learn from that people, or simulated annotators, gave.", Own),
                new("labels_of_models", "labels", "Labels to learn from that models gave.", Constitutional),
                new(
                    "mean_probability",
                    "1",
                    "Mean probability of a model's labels, from one half (no opinion) to 1 (certain).",
                    Constitutional
                ),
                new("without_principle", "pairs", "Pairs to which no principle applies.", Own),
                new("judge_kappa", "1", "cohens_kappa that the judge was measured to have.", "Cohen 1960"),
            ]
        );

    private static MetricGroup Judge =>
        new(
            "A judge beside people",
            [
                new("pairs", "pairs", "Pairs that the judge was asked about.", Own),
                new("decided", "pairs", "Pairs in which it prefers an answer, both orders averaged.", Own),
                new("unread", "pairs", "Pairs of which no reply could be read in either order.", Own),
                new("by_votes", "pairs", "Pairs whose probability is a share of sampled replies: there were no log-probabilities.", Own),
                new("inconsistent", "pairs", "Pairs with another winner in each order.", Own),
                .. WithInterval("agreement", "Share of the decided pairs in which judge and people agree.", Own),
                .. WithInterval("cohens_kappa", "Agreement of judge and people beyond chance.", "Cohen 1960"),
                .. WithInterval("krippendorffs_alpha", "The same, nominal.", "Krippendorff 2011"),
                .. WithInterval("first_shown_wins", "Share of the showings that the answer shown first wins; 0.5 without bias.", Own),
                .. WithInterval("consistency", "Share of the pairs with the same winner in both orders.", Own),
                .. WithInterval("longer_wins", "Share of the decided pairs in which the judge prefers the longer answer.", Own),
                .. WithInterval("longer_wins_people", "Share of the same pairs in which people do.", Own),
            ]
        );

    private static MetricDefinition[] BeforeAfter(string name, string meaning) =>
        [new(name + "_before", "1", meaning, Own), new(name + "_after", "1", meaning, Own)];

    private static MetricDefinition[] WithInterval(string name, string meaning, string source) =>
        [
            new(name, "1", meaning, source),
            new(name + "_low", "1", $"Lower end of the 95% interval of {name} over pairs.", "Efron 1979"),
            new(name + "_high", "1", "Upper end of the same interval.", "Efron 1979"),
        ];
}
