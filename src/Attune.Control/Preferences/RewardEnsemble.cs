using Attune.Control.Environments;
using Attune.Control.Networks;
using Attune.Control.Policy;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Control.Preferences;

/// <summary>
/// Networks fitted to the same labels, each on draws of its own. A step's reward is the mean of their outputs, each first normalised over
/// the steps of all labelled clips: over the newest steps alone, an agent's progress would move the rewards' mean and scale, and with them
/// what its value function has learned. Nothing but <see cref="Fit"/> changes a statistic, so that asking costs nothing.
/// </summary>
public sealed class RewardEnsemble : IDisposable
{
    private readonly Space _observations;
    private readonly Space _actions;
    private readonly PreferenceOptions _options;
    private readonly RewardMember[] _members;
    private readonly ColumnMoments _inputs;
    private Mlp[] _snapshots;

    public RewardEnsemble(Space observations, Space actions, PreferenceOptions options, Seed seed)
    {
        options.Validate();
        (_observations, _actions, _options) = (observations, actions, options);
        _inputs = new ColumnMoments(Width, count: 0);
        _members =
        [
            .. Enumerable
                .Range(0, options.Members)
                .Select(m => new RewardMember(
                    new RewardNetwork(Width, options.Hidden, seed.For("member", m)),
                    options,
                    seed.For("draws", m)
                )),
        ];
        _snapshots = [.. _members.Select(m => m.Network.Snapshot())];
    }

    public IReadOnlyList<FlatParameters> Weights => [.. _members.Select(m => m.Network.Weights)];

    /// <summary>Input statistics, penalties and normalisers, for a checkpoint.</summary>
    internal double[] Save() => [.. _members.SelectMany(m => new[] { m.Penalty, m.Mean, m.Deviation }), .. _inputs.Save()];

    internal void Restore(double[] saved)
    {
        for (var m = 0; m < _members.Length; m++)
        {
            (_members[m].Penalty, _members[m].Mean, _members[m].Deviation) = (saved[3 * m], saved[3 * m + 1], saved[3 * m + 2]);
        }

        _inputs.Restore(saved[(3 * _members.Length)..]);
        _snapshots = [.. _members.Select(m => m.Network.Snapshot())];
    }

    /// <summary>Fits every member to the labels, then normalises it over their steps.</summary>
    public void Fit(ClipLabels labels, IReadOnlyList<PlayedSteps> played, int updates, Seed chance, Metrics measured)
    {
        Learn(played);
        using (NewDisposeScope())
        {
            var clips = Normalised(labels.Clips());
            var probabilities = labels.Probabilities().clone();
            for (var m = 0; m < _members.Length; m++)
            {
                _members[m].Fit(clips, probabilities, labels, updates, chance.For("member", m), measured);
                Normalise(_members[m], clips.view(-1, Width));
            }
        }

        _snapshots = [.. _members.Select(m => m.Network.Snapshot())];
    }

    /// <summary>The mean of the members' normalised outputs.</summary>
    public double Reward(float[] observation, float[] action) =>
        Outputs(observation, action).Select((r, m) => (r - _members[m].Mean) / _members[m].Deviation).Average();

    /// <summary>What each member says of two clips: left sum minus right, as it is trained, not normalised.</summary>
    /// <returns>[member]</returns>
    public double[] Differences(Clip left, Clip right)
    {
        Clip.RequireEqualLength(left, right);
        var differences = new double[_members.Length];
        for (var t = 0; t < left.Length; t++)
        {
            var (a, b) = (Outputs(left.Observations[t], left.Actions[t]), Outputs(right.Observations[t], right.Actions[t]));
            for (var m = 0; m < differences.Length; m++)
            {
                differences[m] += a[m] - b[m];
            }
        }

        return differences;
    }

    public void Dispose()
    {
        foreach (var member in _members)
        {
            member.Network.Dispose();
        }
    }

    private int Width => _observations.EncodedLength + _actions.EncodedLength;

    /// <summary>[member], not normalised</summary>
    private double[] Outputs(float[] observation, float[] action)
    {
        Span<float> row = stackalloc float[Width];
        ClipLabels.EncodeStep(_observations, _actions, observation, action, row);
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = (row[i] - (float)_inputs.Mean[i]) / Scale(i);
        }

        var outputs = new double[_snapshots.Length];
        for (var m = 0; m < outputs.Length; m++)
        {
            outputs[m] = _snapshots[m].Forward(row)[0];
        }

        return outputs;
    }

    /// <summary>A column that never moves is left as it is.</summary>
    private float Scale(int column) => _inputs.Variance[column] < 1e-8 ? 1 : (float)Math.Sqrt(_inputs.Variance[column]);

    /// <summary>[..., width] with the inputs' statistics.</summary>
    private Tensor Normalised(Tensor rows)
    {
        var means = tensor(_inputs.Mean.Select(m => (float)m).ToArray());
        return (rows - means) / tensor(Enumerable.Range(0, Width).Select(Scale).ToArray());
    }

    private void Learn(IReadOnlyList<PlayedSteps> played)
    {
        List<double[]> rows = [];
        var row = new float[Width];
        foreach (var part in played)
        {
            for (var t = 0; t < part.Observations.Count; t++)
            {
                ClipLabels.EncodeStep(_observations, _actions, part.Observations[t], part.Actions[t], row);
                rows.Add(Array.ConvertAll(row, x => (double)x));
            }
        }

        _inputs.Update(rows);
    }

    /// <param name="steps">[steps, width], normalised</param>
    private static void Normalise(RewardMember member, Tensor steps)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var outputs = member.Network.Forward(steps).data<float>().ToArray();
        var (mean, variance) = Moments.Of(Array.ConvertAll(outputs, o => (double)o));
        (member.Mean, member.Deviation) = (mean, Math.Max(Math.Sqrt(variance), 1e-6));
    }
}
