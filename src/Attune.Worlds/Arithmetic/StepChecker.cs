using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Worlds.Arithmetic;

/// <summary>Says of each step of a solution whether it is right.</summary>
public static class StepChecker
{
    /// <summary>
    /// A step is right where it applies the problem's next operation to what the step before came to, right or wrong, and comes to the
    /// right digit. The label of a right step is 1, of another -1.
    /// </summary>
    /// <returns>Null where the answer has no step, or the prompt is no problem of this world.</returns>
    public static StepLabels? Label(Prompt prompt, string answer)
    {
        var lines = answer.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (Chain.Read(prompt) is not { } chain || lines.Length == 0)
        {
            return null;
        }

        var steps = ImmutableArray.CreateBuilder<ReasoningStep>(lines.Length);
        int? left = chain.Start;
        foreach (var (i, line) in lines.Index())
        {
            var isRight =
                left is { } digit
                && i < chain.Operations.Length
                && line == Chain.Step(digit, chain.Operations[i], chain.Operations[i].Of(digit));
            steps.Add(new ReasoningStep(line, isRight ? 1 : -1));
            left = ResultOf(line);
        }

        return new StepLabels(prompt, steps.ToImmutable()) { Outcome = left == chain.Answer };
    }

    /// <summary>The digit after a line's "="; null where it does not end with one.</summary>
    private static int? ResultOf(string line) => line.Length > 1 && line[^2] == '=' && char.IsAsciiDigit(line[^1]) ? line[^1] - '0' : null;
}
