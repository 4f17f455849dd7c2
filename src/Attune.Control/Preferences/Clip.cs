using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Core;

namespace Attune.Control.Preferences;

/// <summary>A second or two of an episode.</summary>
/// <param name="Observations">[step], as the environment gives them</param>
/// <param name="Actions">[step], as it took them</param>
/// <param name="Rewards">[step], the environment's own: what a simulated person judges by and the learner never sees</param>
public sealed record Clip(IReadOnlyList<float[]> Observations, IReadOnlyList<float[]> Actions, IReadOnlyList<double> Rewards)
{
    public int Length => Observations.Count;

    /// <summary>Steps of a clip of so many seconds, at least one, or of so many steps.</summary>
    /// <exception cref="ConfigurationException">No episode is that long.</exception>
    public static int StepsOf(IEnvironment environment, PreferenceOptions options)
    {
        var steps = options.ClipSteps ?? Math.Max(1, Math.Round(options.ClipSeconds * environment.StepsPerSecond));
        return steps <= environment.StepLimit
            ? (int)steps
            : throw new ConfigurationException([
                $"a clip has {steps} steps, but an episode of {environment.Name} at most {environment.StepLimit}; "
                    + "expected a shorter one (clip_seconds or clip_steps).",
            ]);
    }

    /// <summary>Where a clip may begin: no episode ends before its last step.</summary>
    /// <param name="played">[environment]</param>
    public static IReadOnlyList<(int Environment, int Start)> Starts(IReadOnlyList<PlayedSteps> played, int length)
    {
        List<(int, int)> starts = [];
        for (var e = 0; e < played.Count; e++)
        {
            var run = 0;
            for (var t = 0; t < played[e].Ended.Count; t++)
            {
                run++;
                if (run >= length)
                {
                    starts.Add((e, t - length + 1));
                }

                run = played[e].Ended[t] ? 0 : run;
            }
        }

        return starts;
    }

    public static Clip Of(PlayedSteps played, int start, int length) =>
        new(
            [.. played.Observations.Skip(start).Take(length)],
            [.. played.Actions.Skip(start).Take(length)],
            [.. played.Rewards.Skip(start).Take(length)]
        );

    /// <summary>Refuses two clips that cannot be compared.</summary>
    public static void RequireEqualLength(Clip first, Clip second)
    {
        if (first.Length != second.Length)
        {
            throw new DataException(
                $"the clips have {first.Length} and {second.Length} steps; expected equal lengths, because sums of rewards are compared."
            );
        }
    }
}

/// <summary>What a person says of two clips.</summary>
public enum ClipChoice
{
    Left,
    Right,
    Equal,

    /// <summary>Nothing is stored and nothing learned.</summary>
    CannotTell,
}

/// <param name="Number">0 for a run's first question</param>
public sealed record ClipQuestion(long Number, Clip Left, Clip Right);

public sealed record ClipAnswer(ClipQuestion Question, ClipChoice Choice)
{
    /// <summary>That the left clip is better; null where nothing was said.</summary>
    public double? Probability =>
        Choice switch
        {
            ClipChoice.Left => 1,
            ClipChoice.Right => 0,
            ClipChoice.Equal => 0.5,
            _ => null,
        };
}

/// <summary>Whoever compares clips.</summary>
public interface IClipJudge
{
    /// <summary>
    /// Asks. A judge may answer at once, wait, or return what has come in meanwhile: answers to earlier questions, and none yet to these.
    /// </summary>
    ValueTask<IReadOnlyList<ClipAnswer>> AskAsync(IReadOnlyList<ClipQuestion> questions, CancellationToken cancel);
}
