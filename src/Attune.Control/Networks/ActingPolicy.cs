using Attune.Control.Environments;
using Attune.Core.Runs;
using static TorchSharp.torch;

namespace Attune.Control.Networks;

/// <summary>A copy of an <see cref="ActorCritic"/>'s weights that acts, without tensors. Not safe for two threads at once.</summary>
public sealed class ActingPolicy
{
    private readonly Mlp _policy;
    private readonly Mlp _value;
    private readonly float[] _encoded;
    private readonly float[] _logDeviations;
    private readonly double[] _logs;
    private readonly ActorCritic _source;

    internal ActingPolicy(ActorCritic source)
    {
        _source = source;
        _encoded = new float[source.Observations.EncodedLength];
        (_policy, _value) = (Network("policy"), Network("value"));
        _logDeviations = source.IsDiscrete ? [] : Numbers("deviations");
        _logs = source.Actions is DiscreteSpace discrete ? new double[discrete.Count] : [];
    }

    /// <summary>Draws an action.</summary>
    /// <param name="observation">as the environment, or a normaliser after it, gives it</param>
    /// <param name="action">written; real actions are not clipped to the space</param>
    /// <returns>its log-probability in nats</returns>
    public double Draw(ReadOnlySpan<float> observation, Rng random, Span<float> action)
    {
        var output = Output(_policy, observation);
        if (_source.IsDiscrete)
        {
            LogSoftmax(output, _logs);
            var chosen = Choose(random.NextDouble());
            action[0] = chosen;
            return _logs[chosen];
        }

        var sum = 0.0;
        for (var i = 0; i < action.Length; i++)
        {
            var deviation = MathF.Exp(_logDeviations[i]);
            action[i] = output[i] + deviation * (float)random.NextNormal();
            var distance = (action[i] - output[i]) / deviation;
            sum += -distance * distance / 2 - _logDeviations[i] - Math.Log(2 * Math.PI) / 2;
        }

        return sum;
    }

    /// <summary>The likeliest action.</summary>
    public void Greedy(ReadOnlySpan<float> observation, Span<float> action)
    {
        var output = Output(_policy, observation);
        if (!_source.IsDiscrete)
        {
            output.CopyTo(action);
            return;
        }

        var best = 0;
        for (var i = 1; i < output.Length; i++)
        {
            best = output[i] > output[best] ? i : best;
        }

        action[0] = best;
    }

    public double Value(ReadOnlySpan<float> observation) => Output(_value, observation)[0];

    private int Choose(double draw)
    {
        for (var i = 0; i < _logs.Length - 1; i++)
        {
            draw -= Math.Exp(_logs[i]);
            if (draw < 0)
            {
                return i;
            }
        }

        return _logs.Length - 1;
    }

    private static void LogSoftmax(ReadOnlySpan<float> logits, Span<double> logs)
    {
        var (largest, sum) = (double.NegativeInfinity, 0.0);
        foreach (var logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - largest);
        }

        for (var i = 0; i < logits.Length; i++)
        {
            logs[i] = logits[i] - largest - Math.Log(sum);
        }
    }

    private ReadOnlySpan<float> Output(Mlp network, ReadOnlySpan<float> observation)
    {
        _source.Observations.Encode(observation, _encoded);
        return network.Forward(_encoded);
    }

    private Mlp Network(string name) =>
        new([
            .. Enumerable
                .Range(0, _source.Layers)
                .Select(i => (Numbers(ActorCritic.Name(name, i, "weight")), Numbers(ActorCritic.Name(name, i, "bias")))),
        ]);

    private float[] Numbers(string name)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return _source.Weights.ExactOf(name).detach().contiguous().data<float>().ToArray();
    }
}
