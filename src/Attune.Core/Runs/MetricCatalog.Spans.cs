namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    private const string FineGrained = "Wu et al. 2023";

    private static MetricGroup Spans =>
        new(
            "Marked spans and labelled steps",
            [
                new("marks", "spans", "Mean number of spans that the simulated people marked in an answer.", Own),
                new("missing", "kinds", "Mean number of kinds of information that they missed in an answer.", Own),
                new("words", "words", "Mean words of these answers.", Own),
                new("wrong/<type>", "1", "Share of the answers with an error of the type, marked or missing.", Own),
                new("compared", "pairs", "Pairs of the same answers of which one was preferred as a whole.", Own),
                new("parts/<model>", "parts", "Parts of held-out answers that a span model was measured with.", Own),
                new("bad_share/<model>", "1", "Share of them in which something is wrong.", Own),
                new("accuracy/<model>", "1", "Share of them that the span model judges right.", FineGrained),
                new("accuracy_low/<model>", "1", "Lower end of its 95% interval.", "Wilson 1927"),
                new("accuracy_high/<model>", "1", "Upper end of its 95% interval.", "Wilson 1927"),
                new("accuracy_majority/<model>", "1", "The same of saying always what is the more frequent in the training data.", Own),
                new("accuracy_length/<model>", "1", "The same of calling a part bad from a length on, chosen on the training data.", Own),
                new("f1/<model>", "1", "F1 of finding bad parts.", FineGrained),
                new("f1_chance/<model>", "1", "F1 of calling parts bad at random, as often as the training data has bad ones.", Own),
                new("f1_length/<model>", "1", "F1 of calling a part bad from a length on, chosen on the training data.", Own),
                new("labelled_steps", "steps", "Steps of the sampled solutions.", Own),
                new("right_steps", "1", "Share of them whose label is above 0.", Own),
                new("right_answers", "1", "Share of the sampled solutions that end right.", Own),
                new(
                    "lucky_answers",
                    "1",
                    "Share of the solutions that end right with a wrong step, in the arithmetic world.",
                    "Lightman et al. 2023"
                ),
                new("checker_agreement", "1", "Share of the steps whose label the arithmetic world's checker shares.", Own),
            ]
        );
}
