using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Recipes.Stages.Direct;

/// <summary>A direct method's held-out figures before and after.</summary>
internal static class DirectFigures
{
    public static void Add(Dictionary<string, double> figures, int examples, int heldOut, Metrics before, Metrics after)
    {
        figures["examples"] = examples;
        figures["held_out"] = heldOut;
        foreach (var (name, value) in after.Means())
        {
            figures[name] = value;
        }

        foreach (var name in new[] { "eval_loss", "eval_logps/chosen", "eval_logps/rejected" }.Where(before.Contains))
        {
            figures[name + "_before"] = before[name];
        }

        if (after.Contains("eval_rewards/accuracies"))
        {
            var accuracy = after["eval_rewards/accuracies"];
            var interval = Wilson.Of(accuracy, heldOut);
            (figures["preference_accuracy"], figures["preference_accuracy_low"], figures["preference_accuracy_high"]) = (
                accuracy,
                interval.Low,
                interval.High
            );
        }
    }
}
