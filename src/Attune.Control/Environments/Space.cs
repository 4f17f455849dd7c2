using System.Collections.Immutable;

namespace Attune.Control.Environments;

/// <summary>What an action or an observation may be, as Gymnasium's spaces.</summary>
public abstract record Space
{
    /// <summary>Numbers of one element as an environment takes or gives it: 1 for a discrete space.</summary>
    public abstract int Length { get; }

    /// <summary>Numbers of one element as a network reads it: one-hot for a discrete space.</summary>
    public abstract int EncodedLength { get; }

    public abstract bool Contains(ReadOnlySpan<float> element);

    /// <summary>Writes an element as a network reads it.</summary>
    /// <param name="element">[<see cref="Length"/>]</param>
    /// <param name="encoded">[<see cref="EncodedLength"/>], written</param>
    public abstract void Encode(ReadOnlySpan<float> element, Span<float> encoded);
}

/// <summary>One of 0, 1, ..., <paramref name="Count"/> - 1.</summary>
public sealed record DiscreteSpace(int Count) : Space
{
    public override int Length => 1;

    public override int EncodedLength => Count;

    public override bool Contains(ReadOnlySpan<float> element) =>
        element.Length == 1 && element[0] >= 0 && element[0] < Count && element[0] == MathF.Floor(element[0]);

    public override void Encode(ReadOnlySpan<float> element, Span<float> encoded)
    {
        encoded.Clear();
        encoded[(int)element[0]] = 1;
    }
}

/// <summary>A vector of real numbers, each between its bounds; a bound may be infinite.</summary>
/// <param name="Low">[length]</param>
/// <param name="High">[length]</param>
public sealed record BoxSpace(ImmutableArray<float> Low, ImmutableArray<float> High) : Space
{
    /// <summary>Bounds that lie evenly around 0.</summary>
    public static BoxSpace Around(params ReadOnlySpan<float> bounds) => new([.. bounds.ToArray().Select(b => -b)], [.. bounds]);

    public override int Length => Low.Length;

    public override int EncodedLength => Low.Length;

    public override bool Contains(ReadOnlySpan<float> element)
    {
        var inside = element.Length == Low.Length;
        for (var i = 0; inside && i < element.Length; i++)
        {
            inside = element[i] >= Low[i] && element[i] <= High[i];
        }

        return inside;
    }

    public override void Encode(ReadOnlySpan<float> element, Span<float> encoded) => element.CopyTo(encoded);
}
