using Attune.Core.Runs;

namespace Attune.Control.Tamer;

/// <summary>
/// COACH (MacGlashan et al. 2017, arXiv:1701.06049, algorithm 1): feedback is taken as an advantage, that is relative to what the agent
/// does now, and moves a softmax policy along a trace of its recent log-probabilities, theta += rate f e with e = decay e + grad log
/// pi(a|s). TAMER takes it as a value, and unlearns what is no longer praised.
/// </summary>
/// <param name="features">of an observation</param>
/// <param name="rate">of a step</param>
/// <param name="decay">of the trace, a step</param>
/// <param name="delay">s from what is judged to the feedback: steps that began later than this before it are not yet in the trace</param>
public sealed class CoachAgent(RadialFeatures features, int actions, double rate = 1, double decay = 0.6, double delay = 0.35)
{
    private readonly double[][] _weights = [.. Enumerable.Range(0, actions).Select(_ => new double[features.Count])];
    private readonly double[][] _trace = [.. Enumerable.Range(0, actions).Select(_ => new double[features.Count])];
    private readonly Queue<StepBegan> _waiting = new();

    /// <summary>[action]: pi(a | s)</summary>
    public double[] Probabilities(ReadOnlySpan<float> observation)
    {
        var phi = features.Of(observation);
        var preferences = Array.ConvertAll(_weights, w => w.Zip(phi, (x, y) => x * y).Sum());
        var most = preferences.Max();
        var shares = Array.ConvertAll(preferences, p => Math.Exp(p - most));
        var sum = shares.Sum();
        return Array.ConvertAll(shares, s => s / sum);
    }

    /// <summary>Draws an action.</summary>
    public int Choose(ReadOnlySpan<float> observation, Rng chance)
    {
        var draw = chance.NextDouble();
        var probabilities = Probabilities(observation);
        for (var action = 0; action < probabilities.Length - 1; action++)
        {
            draw -= probabilities[action];
            if (draw < 0)
            {
                return action;
            }
        }

        return probabilities.Length - 1;
    }

    /// <summary>Takes in what happened, and learns where it is feedback.</summary>
    public void Apply(TamerEvent happened)
    {
        switch (happened)
        {
            case EpisodeBegan:
                _waiting.Clear();
                Array.ForEach(_trace, t => Array.Clear(t));
                break;
            case StepBegan step:
                _waiting.Enqueue(step);
                break;
            case FeedbackGiven feedback:
                Learn(feedback);
                break;
        }
    }

    public double[] Weights() => [.. _weights.SelectMany(w => w)];

    private void Learn(FeedbackGiven feedback)
    {
        while (_waiting.TryPeek(out var step) && step.Time <= feedback.Time - delay)
        {
            Trace(_waiting.Dequeue());
        }

        for (var action = 0; action < _weights.Length; action++)
        {
            for (var i = 0; i < features.Count; i++)
            {
                _weights[action][i] += rate * feedback.Value * _trace[action][i];
            }
        }
    }

    /// <summary>grad log pi of a softmax: the features, times 1 for the action taken, less each action's probability.</summary>
    private void Trace(StepBegan step)
    {
        var (phi, probabilities) = (features.Of(step.Observation), Probabilities(step.Observation));
        for (var action = 0; action < _trace.Length; action++)
        {
            var share = (action == step.Action ? 1 : 0) - probabilities[action];
            for (var i = 0; i < features.Count; i++)
            {
                _trace[action][i] = decay * _trace[action][i] + share * phi[i];
            }
        }
    }
}
