namespace Attune.Core.Runs;

public static partial class MetricCatalog
{
    /// <summary>Counted where answers can be enumerated, before and after.</summary>
    private static string[] Exact =>
        ["exact_kl", "exact_gold_reward", "exact_proxy_reward", "exact_objective", "posterior_kl", "posterior_kl_reverse", "posterior_tv"];

    private static MetricGroup StageFigures =>
        new(
            "Figures of a stage",
            [
                new("updates", "updates", "Optimiser steps of the stage.", Own),
                new("episodes", "answers", "Answers sampled to learn from.", Own),
                new("kl_nats_k3", "nats", "eval/kl_k3 of the final policy.", Own),
                new("response_length_before", "tokens", "eval/response_length of the policy before the stage.", Own),
                new("response_length_after", "tokens", "eval/response_length of the final policy.", Own),
                .. Exact.SelectMany(name =>
                    new MetricDefinition[]
                    {
                        new(name + "_before", "as eval/", $"eval/{name} of the policy before the stage.", Own),
                        new(name + "_after", "as eval/", $"eval/{name} of the final policy.", Own),
                    }
                ),
                new("best_objective", "reward", "eval/best_objective of the stage's reward and beta.", "Korbak et al. 2022"),
                new("examples", "items", "Items to learn from: texts, pairs, verdicts, choices or rankings.", Own),
                new("steps", "steps", "Labels that a process reward model learned from: of steps, or of tokens.", Own),
                new("rows", "rows", "Rows that the texts were packed into (supervised fine-tuning).", Own),
                new("held_out", "items", "Items held out.", Own),
                new("eval_perplexity_before", "1", "eval_perplexity before training.", Own),
                new("accuracy_low", "1", "Lower end of the 95% interval of the reward model's accuracy.", "Wilson 1927"),
                new("accuracy_high", "1", "Upper end of the same interval.", "Wilson 1927"),
                new("auc", "1", "Probability that a desirable answer gets the higher reward than an undesirable one.", Own),
                new("calibration_error", "1", "eval_calibration_error of the final reward model.", "Guo et al. 2017, eq. 3"),
                new("mean_squared_error", "1", "Of rewards against held-out ratings, on the scale from -1 to 1.", Own),
                new("correlation", "1", "Pearson's correlation of rewards with held-out ratings.", Own),
                new("held_out_pairs", "pairs", "Held-out pairs that the reward model was measured with.", Own),
                new("members", "models", "Members of the reward ensemble.", Own),
                new(
                    "shift",
                    "raw reward",
                    "Subtracted from raw rewards before they are scaled; with _1, _2, ... for several members.",
                    Own
                ),
                new("scale", "raw reward", "What shifted rewards are divided by; with _1, _2, ... for several members.", Own),
                new("labels", "labels", "Labels to learn from that the stage collected.", Own),
                new("held_out_labels", "labels", "Labels held out that the stage collected.", Own),
                new("prompts", "prompts", "Prompts that were answered or judged.", Own),
                new("answers", "answers", "Answers drawn (best-of-n).", Own),
                new("annotators", "people", "Annotators whose labels a snapshot holds.", Own),
                new("ties", "questions", "Questions for which neither answer was preferred.", Own),
                new(
                    "order_decided",
                    "questions",
                    "Questions on which a judging model changed its mind with the order of the answers.",
                    Own
                ),
                new("unreadable", "questions", "Replies of a judging model that could not be read.", Own),
                new(
                    "label_agreement_with_gold",
                    "1",
                    "Expected share of the simulated labels, ties aside, that follow the hidden utility.",
                    Own
                ),
                new("best_possible_accuracy", "1", "Accuracy of the best possible prediction of those labels, ties aside.", Own),
                new("answered_by_person", "labels", "Labels that the person at the terminal gave.", Own),
                new("person_agrees_with_simulated", "1", "Share of them that the simulated annotators would rather give too.", Own),
                new("refreshes", "refreshes", "Reward models trained in the run (online feedback).", Own),
                new("vocabulary", "tokens", "Size of the vocabulary that was learned.", Own),
            ]
        );
}
