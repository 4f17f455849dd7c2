using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Worlds.Arithmetic;

namespace Attune.Recipes.Stages;

/// <summary>What labelled solutions are like.</summary>
internal static class StepFigures
{
    public static Dictionary<string, double> Of(ImmutableArray<StepLabels> rows)
    {
        if (rows.IsEmpty)
        {
            return [];
        }

        var checkedRows = rows.Select(Checked).ToArray();
        var steps = rows.Zip(checkedRows)
            .Where(r => r.Second is not null)
            .SelectMany(r => r.First.Steps.Zip(r.Second!.Steps, (own, known) => (own.Label > 0, known.Label > 0)))
            .ToArray();
        var figures = new Dictionary<string, double>
        {
            ["labelled_steps"] = rows.Sum(r => r.Steps.Length),
            ["right_steps"] = rows.SelectMany(r => r.Steps).Average(s => s.Label > 0 ? 1.0 : 0),
            ["right_answers"] = rows.Average(r => r.Outcome == true ? 1.0 : 0),
        };
        if (steps.Length > 0)
        {
            figures["checker_agreement"] = steps.Average(s => s.Item1 == s.Item2 ? 1.0 : 0);
            figures["lucky_answers"] = rows.Zip(checkedRows)
                .Average(r => r.First.Outcome == true && r.Second?.Steps.Any(s => s.Label < 0) == true ? 1.0 : 0);
        }

        return figures;
    }

    /// <summary>What the arithmetic world's checker says of the same solution; null in another world.</summary>
    private static StepLabels? Checked(StepLabels row) => StepChecker.Label(row.Prompt, string.Join('\n', row.Steps.Select(s => s.Text)));
}
