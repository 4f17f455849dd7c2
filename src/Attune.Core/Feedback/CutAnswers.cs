using System.Collections.Immutable;

namespace Attune.Core.Feedback;

/// <summary>
/// Which of several answers were cut at the longest length instead of ending by themselves: a set of positions, counted from 0. Training
/// gives such an answer no end token. In a pair the chosen answer has position 0, the rejected one 1; a single answer has position 0.
/// </summary>
public readonly struct CutAnswers : IEquatable<CutAnswers>
{
    private readonly ImmutableArray<int> _positions;

    private CutAnswers(ImmutableArray<int> positions) => _positions = positions;

    public bool IsEmpty => _positions.IsDefaultOrEmpty;

    /// <summary>In ascending order.</summary>
    public ImmutableArray<int> Positions => _positions.IsDefault ? [] : _positions;

    /// <param name="cut">For each answer in turn, whether it was cut.</param>
    public static CutAnswers Of(IEnumerable<bool> cut) => At(cut.Index().Where(c => c.Item).Select(c => c.Index));

    /// <param name="positions">Of the answers that were cut.</param>
    public static CutAnswers At(IEnumerable<int> positions) => new([.. positions.Distinct().Order()]);

    public bool Contains(int position) => Positions.Contains(position);

    /// <summary>The same for some of the answers, in another order.</summary>
    /// <param name="positions">Where each of them stood before.</param>
    public CutAnswers Select(params IEnumerable<int> positions) => Of(positions.Select(Contains));

    public bool Equals(CutAnswers other) => Positions.SequenceEqual(other.Positions);

    public override bool Equals(object? obj) => obj is CutAnswers other && Equals(other);

    public override int GetHashCode() => Positions.Aggregate(0, HashCode.Combine);

    public override string ToString() => $"[{string.Join(", ", Positions)}]";

    public static bool operator ==(CutAnswers left, CutAnswers right) => left.Equals(right);

    public static bool operator !=(CutAnswers left, CutAnswers right) => !left.Equals(right);
}
