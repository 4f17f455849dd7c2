using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Control.Tamer;

/// <summary>
/// TAMER (Knox and Stone 2008, ICDL; Knox and Stone 2009, K-CAP): a person praises or scolds, the agent fits H(s, a) to that by supervised
/// regression and acts on it alone, greedily and without looking ahead, because the person has looked ahead already.
/// Every feedback gives one example for each step with credit: that step's state and action, the feedback's value as target, the credit as
/// weight. Silence teaches nothing.
/// </summary>
public sealed class TamerAgent(IHumanRewardModel model, CreditAssignment credit)
{
    private readonly List<StepTime> _times = [];
    private readonly List<StepBegan> _steps = [];

    public IHumanRewardModel Model => model;

    /// <summary>Feedback that found no step to credit so far: it came before any, or too late.</summary>
    public int Unused { get; private set; }

    /// <summary>An action with the highest prediction, by chance among equals.</summary>
    public int Choose(ReadOnlySpan<float> observation, Rng chance)
    {
        var (best, ties, chosen) = (double.NegativeInfinity, 0, 0);
        for (var action = 0; action < model.Actions; action++)
        {
            var value = model.Predict(observation, action);
            ties = value > best ? 1 : ties + (value == best ? 1 : 0);
            if (value > best || (value == best && chance.NextInt(ties) == 0))
            {
                (best, chosen) = (value, action);
            }
        }

        return chosen;
    }

    /// <summary>Takes in what happened, and learns where it is feedback.</summary>
    public void Apply(TamerEvent happened)
    {
        switch (happened)
        {
            case EpisodeBegan:
                _times.Clear();
                _steps.Clear();
                break;
            case StepBegan step:
                RequireFits(step);
                CloseLast(step.Time);
                _times.Add(new StepTime(step.Time, double.PositiveInfinity));
                _steps.Add(step);
                break;
            case EpisodeEnded end:
                CloseLast(end.Time);
                break;
            case FeedbackGiven feedback:
                Learn(feedback);
                break;
        }
    }

    private void Learn(FeedbackGiven feedback)
    {
        var credited = false;
        foreach (var (step, share) in credit.Assign(_times, feedback.Time))
        {
            model.Learn(_steps[step].Observation, _steps[step].Action, feedback.Value, share);
            credited = true;
        }

        Unused += credited ? 0 : 1;
    }

    private void CloseLast(double time)
    {
        if (_times.Count > 0 && double.IsPositiveInfinity(_times[^1].End))
        {
            _times[^1] = _times[^1] with { End = time };
        }
    }

    private void RequireFits(StepBegan step)
    {
        if (step.Action < 0 || step.Action >= model.Actions)
        {
            throw new DataException($"action {step.Action} at {step.Time} s; the model has actions 0 to {model.Actions - 1}.");
        }

        if (_times.Count > 0 && step.Time < _times[^1].Start)
        {
            throw new DataException($"a step at {step.Time} s after one at {_times[^1].Start} s; expected times that go forward.");
        }
    }
}
