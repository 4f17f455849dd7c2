using Attune.Core.Runs;
using Attune.Training.Contracts;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>How a method does on data that it does not learn from.</summary>
public static class PreferenceEvaluation
{
    private const int Batch = 16;

    /// <summary>The objective and its metrics under names led by eval_.</summary>
    public static Metrics Of<T>(IObjective<T> objective, IReadOnlyList<T> items)
    {
        var metrics = new Metrics();
        using var noGrad = no_grad();
        foreach (var part in items.OrderBy(objective.Length).Chunk(Batch))
        {
            using var scope = NewDisposeScope();
            var (loss, measured) = objective.Evaluate(part);
            metrics.AddSum("loss", loss.ToDouble(), part.Sum(objective.Weight));
            metrics.Add(measured);
        }

        return metrics.Renamed(name => "eval_" + name);
    }
}
