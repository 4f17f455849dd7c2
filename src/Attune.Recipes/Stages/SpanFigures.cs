using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Statistics;
using Attune.Methods.Process;
using Attune.Training.Rewards;
using Attune.Worlds.Reviews;

namespace Attune.Recipes.Stages;

/// <summary>How well a span model finds bad parts, beside chance and beside the length of the parts.</summary>
internal static class SpanFigures
{
    /// <summary>Figures on held-out answers; nothing where there are none.</summary>
    /// <param name="name">The model's, which ends each figure's name.</param>
    public static Dictionary<string, double> Of(
        string name,
        ProcessModel model,
        ImmutableArray<StepItem> train,
        ImmutableArray<StepItem> heldOut
    )
    {
        if (heldOut.IsEmpty)
        {
            return [];
        }

        bool[] bad = [.. heldOut.SelectMany(Bad)];
        var good = model.Rewards(
            [.. heldOut.Select(h => h.Sequence)],
            [.. heldOut.Select(h => h.Targets.Select(t => t.Position).ToArray())]
        );
        bool[] found = [.. good.SelectMany(g => g).Select(p => p <= 0.5)];
        var (trainBad, trainLengths) = (train.SelectMany(Bad).ToArray(), train.SelectMany(Lengths).ToArray());
        var threshold = BestThreshold(trainBad, trainLengths);
        bool[] isLong = [.. heldOut.SelectMany(Lengths).Select(l => l >= threshold)];
        var accuracy = Wilson.Of(Accuracy(bad, found), bad.Length);
        var share = trainBad.Average(b => b ? 1.0 : 0);
        return new()
        {
            [$"parts/{name}"] = bad.Length,
            [$"bad_share/{name}"] = bad.Average(b => b ? 1.0 : 0),
            [$"accuracy/{name}"] = accuracy.Value,
            [$"accuracy_low/{name}"] = accuracy.Low,
            [$"accuracy_high/{name}"] = accuracy.High,
            [$"accuracy_majority/{name}"] = bad.Average(b => b == share > 0.5 ? 1.0 : 0),
            [$"accuracy_length/{name}"] = Accuracy(bad, isLong),
            [$"f1/{name}"] = F1(bad, found),
            [$"f1_chance/{name}"] = F1OfChance(bad.Average(b => b ? 1.0 : 0), share),
            [$"f1_length/{name}"] = F1(bad, isLong),
        };
    }

    /// <summary>How much people marked: a mean over answers, and the share of the answers with each type.</summary>
    public static Dictionary<string, double> OfMarks(IReadOnlyList<SpanLabels> labels)
    {
        double Share(Func<SpanLabels, bool> has) => labels.Average(l => has(l) ? 1.0 : 0);
        var utility = new ReviewUtility();
        var figures = new Dictionary<string, double>
        {
            ["marks"] = labels.Average(l => (double)l.Spans.Length),
            ["missing"] = labels.Average(l => (double)l.Missing.Length),
            ["words"] = labels.Average(l => (double)ReviewFactors.Read(l.Answer).Words),
            ["gold_reward"] = labels.Average(l => utility.Of(l.Prompt, l.Answer).Total),
        };
        foreach (var type in ReviewSpans.Types)
        {
            figures[$"wrong/{type}"] = Share(l => l.Spans.Any(s => s.Type == type) || l.Missing.Any(m => m.Type == type));
        }

        return figures;
    }

    /// <summary>2 tp / (2 tp + fp + fn) for bad parts; 0 where none is bad and none is found.</summary>
    internal static double F1(IReadOnlyList<bool> bad, IReadOnlyList<bool> found)
    {
        var right = bad.Zip(found).Count(p => p is { First: true, Second: true });
        var all = bad.Count(b => b) + found.Count(f => f);
        return all == 0 ? 0 : 2.0 * right / all;
    }

    /// <summary>F1 of calling a part bad with a probability, whatever it says.</summary>
    internal static double F1OfChance(double badShare, double calledBad) =>
        badShare + calledBad == 0 ? 0 : 2 * badShare * calledBad / (badShare + calledBad);

    private static double Accuracy(bool[] bad, bool[] found) => bad.Zip(found).Average(p => p.First == p.Second ? 1.0 : 0);

    /// <summary>The length from which calling parts bad has the best F1 on the training data.</summary>
    private static int BestThreshold(bool[] bad, int[] lengths) => lengths.Distinct().MaxBy(t => F1(bad, [.. lengths.Select(l => l >= t)]));

    private static IEnumerable<bool> Bad(StepItem item) => item.Targets.Select(t => t.Probabilities[0] > 0.5f);

    /// <summary>Tokens from the end of the part before.</summary>
    private static IEnumerable<int> Lengths(StepItem item) =>
        item.Targets.Select((t, i) => t.Position - (i == 0 ? item.Sequence.AnswerStart - 1 : item.Targets[i - 1].Position));
}
