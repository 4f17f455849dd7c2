using System.Globalization;
using Attune.Core;
using Attune.Core.Rollouts;

namespace Attune.Training.Rewards;

/// <summary>What to do where a program gives no reward for an answer.</summary>
public enum RewardErrors
{
    /// <summary>Stop the run.</summary>
    Fail,

    /// <summary>The reward is 0.</summary>
    Zero,

    /// <summary>The reward adds nothing, and counts neither in its curve nor where it is normalised.</summary>
    Skip,
}

/// <summary>Answers that a reward elsewhere gave nothing for: what they count, and how many there were.</summary>
/// <param name="name">The reward's.</param>
internal sealed class RewardFailures(string name, RewardErrors onError)
{
    private readonly Lock _gate = new();
    private long _asked,
        _failed;
    private string? _first;

    public IEnumerable<string> Notes =>
        _failed == 0
            ? []
            :
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the {name} gave no reward for {_failed} of {_asked} answers, which {Effect}; first: {_first}"
                ),
            ];

    private string Effect => onError == RewardErrors.Zero ? "counts as 0" : "adds nothing";

    public void Count(int answers) => _asked += answers;

    /// <summary>The score of an answer without a reward.</summary>
    /// <param name="problem">Completes "the command ... ".</param>
    /// <exception cref="AttuneException">The run is to stop.</exception>
    public Score Instead(Rollout rollout, string problem)
    {
        if (onError == RewardErrors.Fail)
        {
            throw new AttuneException($"the {name} {problem} Set on_error to zero or skip to go on without its reward.");
        }

        lock (_gate)
        {
            _failed++;
            _first ??= problem;
        }

        return onError == RewardErrors.Zero ? Score.Outcome(rollout, 0, name) : new Score([]);
    }
}
