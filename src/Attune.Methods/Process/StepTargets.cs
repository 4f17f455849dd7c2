using System.Collections.Immutable;
using Attune.Core.Tokens;
using Attune.Data.Encoding;

namespace Attune.Methods.Process;

/// <summary>What a process reward model learns to say at a token.</summary>
/// <param name="Position">Index of the token in the whole sequence.</param>
/// <param name="Probabilities">One a class; they sum to 1.</param>
public sealed record StepTarget(int Position, ImmutableArray<float> Probabilities);

/// <summary>A solution and what is learned on it.</summary>
/// <param name="Targets">At least one, by position.</param>
public sealed record StepItem(TokenSequence Sequence, ImmutableArray<StepTarget> Targets);

/// <summary>From labelled steps to what is learned.</summary>
public static class StepTargets
{
    /// <summary>The item; null where nothing is left to learn, with the reason.</summary>
    public static StepItem? Of(StepSequence row, ProcessRewardOptions options, out string reason)
    {
        var targets = options.Supervise switch
        {
            StepSupervision.LastStep => Steps([row.Steps[^1]], options),
            StepSupervision.Outcome => Everywhere(row, options),
            _ => Steps(options.UntilFirstError ? UpToError(row.Steps) : row.Steps, options),
        };
        reason = options.Supervise == StepSupervision.Outcome ? "whether its answer is right is not known" : "every step is neutral";
        return targets.IsEmpty ? null : new StepItem(row.Sequence, targets);
    }

    /// <summary>
    /// The classes' probabilities: bad and good, or bad, neutral and good. A label between two classes is a mixture of them. Empty for a
    /// neutral step that is ignored.
    /// </summary>
    /// <param name="label">-1 wrong, 0 neutral, 1 right, or between</param>
    public static ImmutableArray<float> Probabilities(double label, int classes, NeutralSteps neutral)
    {
        if (classes == 3)
        {
            return [(float)Math.Max(0, -label), (float)(1 - Math.Abs(label)), (float)Math.Max(0, label)];
        }

        var good =
            label != 0 ? (1 + label) / 2
            : neutral == NeutralSteps.Good ? 1
            : 0;
        return label == 0 && neutral == NeutralSteps.Ignored ? [] : [(float)(1 - good), (float)good];
    }

    /// <summary>Steps up to and with the first that is wrong: what comes after it stands on it.</summary>
    public static ImmutableArray<StepMark> UpToError(ImmutableArray<StepMark> steps)
    {
        var right = steps.TakeWhile(s => s.Label >= 0).Count();
        return steps[..Math.Min(steps.Length, right + 1)];
    }

    private static ImmutableArray<StepTarget> Steps(ImmutableArray<StepMark> steps, ProcessRewardOptions options) =>
        [
            .. steps
                .Select(s => new StepTarget(s.Position, Probabilities(s.Label, options.Classes, options.Neutral)))
                .Where(t => !t.Probabilities.IsEmpty),
        ];

    /// <summary>
    /// The answer's label at every token of the solution up to its last step's end (Cobbe et al. 2021, arXiv:2110.14168).
    /// </summary>
    private static ImmutableArray<StepTarget> Everywhere(StepSequence row, ProcessRewardOptions options)
    {
        var (start, end) = (row.Sequence.AnswerStart, row.Steps[^1].Position);
        return row.Outcome is not { } right
            ? []
            :
            [
                .. Enumerable
                    .Range(start, end - start + 1)
                    .Select(at => new StepTarget(at, Probabilities(right ? 1 : -1, options.Classes, options.Neutral))),
            ];
    }
}
