using Attune.Core.Runs;
using static System.FormattableString;

namespace Attune.Cli.Screens;

/// <summary>What a finished run says last: what was made, of how much, and what to do with it.</summary>
internal static class RunEnd
{
    /// <summary>Stages that make a model that scores, and none that writes.</summary>
    private static readonly string[] Scoring = ["reward", "process-reward", "fine-grained"];

    private static readonly string[] Accuracies = ["preference_accuracy", "accuracy", "eval_rewards/accuracies", "eval_accuracy"];

    public static IEnumerable<string> Lines(RunResult result, string folder)
    {
        foreach (var stage in result.Stages)
        {
            if (Counts(stage) is { } counts)
            {
                yield return result.Stages.Length == 1 ? counts : $"{stage.Name}: {counts}";
            }
        }

        var final = new RunFolder(folder).FinalFolder;
        if (result.Stages.IsEmpty || !Directory.Exists(final))
        {
            yield break;
        }

        yield return $"Model: {final}";
        if (Next(result.Stages[^1], final) is { } next)
        {
            yield return $"Next: {next}";
        }
    }

    /// <summary>"Trained on 22 rows, 2 held out; the accuracy rests on 2 pairs."</summary>
    private static string? Counts(StageResult stage)
    {
        if (!stage.Metrics.TryGetValue("examples", out var examples))
        {
            return null;
        }

        var heldOut = stage.Metrics.GetValueOrDefault("held_out");
        var text = Invariant($"trained on {examples:N0} {(examples == 1 ? "item" : "items")}, {heldOut:N0} held out");
        var pairs = stage.Metrics.TryGetValue("held_out_pairs", out var counted) ? counted : heldOut;
        return Accuracies.Any(stage.Metrics.ContainsKey) && pairs > 0
            ? Invariant($"{text}; the accuracy rests on {pairs:N0} held-out {(pairs == 1 ? "pair" : "pairs")}")
            : text;
    }

    private static string? Next(StageResult last, string final)
    {
        var kind = last.Name;
        return kind.StartsWith("reward", StringComparison.Ordinal)
                ? $"attune ppo --model DIR --reward-model {final} --prompts prompts.jsonl --out runs/ppo"
            : Scoring.Any(s => kind.StartsWith(s, StringComparison.Ordinal)) ? null
            : $"attune generate --model {final} --prompt \"...\"";
    }
}
