using System.Collections.Immutable;

namespace Attune.Models.Files;

/// <summary>Number types that weights on disk may have, by the names safetensors gives them.</summary>
public enum WeightType
{
    F32,
    BF16,
    F16,
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Start">First byte, counted from the beginning of the file.</param>
public sealed record SafeTensorsEntry(string Name, WeightType Type, ImmutableArray<long> Shape, long Start)
{
    /// <summary>Elements.</summary>
    public long Length { get; } = Shape.Aggregate(1L, (product, side) => checked(product * side));

    public long Bytes => Length * BytesOf(Type);

    internal static int BytesOf(WeightType type) => type == WeightType.F32 ? 4 : 2;
}
