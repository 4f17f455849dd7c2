using Attune.Control.Environments;
using Attune.Core;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Control.Preferences;

/// <summary>
/// The newest labels with their clips, in one flat tensor, so that a checkpoint keeps them beside the weights that were fitted to them.
/// </summary>
public sealed class ClipLabels : IDisposable
{
    private readonly Space _observations;
    private readonly Space _actions;
    private readonly int _steps;

    /// <param name="steps">of a clip</param>
    public ClipLabels(Space observations, Space actions, int steps, int capacity)
    {
        (_observations, _actions, _steps, Capacity) = (observations, actions, steps, capacity);
        var clips = new ParameterSlot("clips", 0, [capacity, 2, steps, Width]);
        Weights = new FlatParameters([clips, new ParameterSlot("probabilities", clips.Length, [capacity])]);
    }

    /// <summary>What a checkpoint keeps.</summary>
    public FlatParameters Weights { get; }

    public int Capacity { get; }

    /// <summary>Numbers of a step as a reward network reads it.</summary>
    public int Width => _observations.EncodedLength + _actions.EncodedLength;

    /// <summary>Labels taken in so far; the newest <see cref="Capacity"/> of them are here.</summary>
    public long Taken { get; internal set; }

    public int Count => (int)Math.Min(Taken, Capacity);

    /// <summary>Takes a label in, in the place of the oldest where there is no room.</summary>
    /// <param name="probability">that the left clip is better</param>
    public void Add(Clip left, Clip right, double probability)
    {
        Clip.RequireEqualLength(left, right);
        if (left.Length != _steps)
        {
            throw new DataException($"the clips have {left.Length} steps; expected {_steps}, as all of this run.");
        }

        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var place = Taken % Capacity;
        Weights.ExactOf("clips")[place].copy_(tensor(Encode([left, right])).view(2, _steps, Width));
        Weights.ExactOf("probabilities")[place].fill_((float)probability);
        Taken++;
    }

    /// <summary>The number that a label came with; it stays with it while others go.</summary>
    /// <param name="place">0 to <see cref="Count"/> - 1</param>
    public long NumberAt(int place) => Taken <= Capacity ? place : Taken - 1 - (Taken - 1 - place) % Capacity;

    /// <returns>[labels, 2, steps, width], not normalised</returns>
    public Tensor Clips() => Weights.ExactOf("clips").narrow(0, 0, Count);

    /// <returns>[labels]</returns>
    public Tensor Probabilities() => Weights.ExactOf("probabilities").narrow(0, 0, Count);

    public void Dispose() => Weights.Dispose();

    /// <summary>Steps as a reward network reads them: observation, then action, one-hot where discrete.</summary>
    /// <returns>[clips, steps, width], row by row</returns>
    public float[] Encode(IReadOnlyList<Clip> clips)
    {
        var rows = new float[clips.Sum(c => c.Length) * Width];
        var at = 0;
        foreach (var clip in clips)
        {
            for (var t = 0; t < clip.Length; t++)
            {
                EncodeStep(_observations, _actions, clip.Observations[t], clip.Actions[t], rows.AsSpan(at, Width));
                at += Width;
            }
        }

        return rows;
    }

    internal static void EncodeStep(Space observations, Space actions, float[] observation, float[] action, Span<float> row)
    {
        observations.Encode(observation, row[..observations.EncodedLength]);
        actions.Encode(action, row[observations.EncodedLength..]);
    }
}
