using Attune.Core.Runs;
using Attune.Core.Statistics;

namespace Attune.Recipes.Stages;

/// <summary>Held-out figures of a method that learns from preferences, before and after.</summary>
internal static class PreferenceFigures
{
    public static Dictionary<string, double> Of(int examples, int heldOut, Metrics before, Metrics after)
    {
        var figures = new Dictionary<string, double> { ["examples"] = examples, ["held_out"] = heldOut };
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

        return figures;
    }

    /// <summary>How the held-out pairs under one of several system prompts are ordered.</summary>
    /// <param name="number">The prompt's, from 1 on.</param>
    public static void AddSystem(Dictionary<string, double> figures, int number, int items, Metrics after)
    {
        if (!after.Contains("eval_rewards/accuracies"))
        {
            return;
        }

        var accuracy = after["eval_rewards/accuracies"];
        var interval = Wilson.Of(accuracy, items);
        figures[$"system/{number}/preference_accuracy"] = accuracy;
        figures[$"system/{number}/preference_accuracy_low"] = interval.Low;
        figures[$"system/{number}/preference_accuracy_high"] = interval.High;
        figures[$"system/{number}/margins"] = after["eval_rewards/margins"];
    }
}
