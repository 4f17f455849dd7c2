using System.Collections.Immutable;

namespace Attune.Models.Configuration;

/// <summary>Numbers or switches of a configuration; two lists with the same values in the same order are equal.</summary>
public sealed class ValueList<T>(IEnumerable<T> values) : IEquatable<ValueList<T>>
    where T : struct, IEquatable<T>
{
    private readonly ImmutableArray<T> _values = [.. values];

    public int Count => _values.Length;

    public T this[int index] => _values[index];

    public ReadOnlySpan<T> Span => _values.AsSpan();

    public bool Equals(ValueList<T>? other) => other is not null && Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => Equals(obj as ValueList<T>);

    public override int GetHashCode() => _values.Aggregate(_values.Length, (hash, value) => HashCode.Combine(hash, value));

    public override string ToString() => string.Join(", ", _values);
}
