using System.Collections.Immutable;

namespace Attune.Models.Files;

/// <summary>Number types that weights on disk may have, by the names safetensors gives them.</summary>
public enum WeightType
{
    F32,
    BF16,
    F16,

    /// <summary>Another, which is never read: positions and masks that files keep beside weights.</summary>
    Other,
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Start">First byte, counted from the beginning of the file.</param>
public sealed record SafeTensorsEntry(string Name, WeightType Type, ImmutableArray<long> Shape, long Start)
{
    /// <summary>Elements.</summary>
    public long Length { get; } = Shape.Aggregate(1L, (product, side) => checked(product * side));

    /// <summary>The type's name in the file.</summary>
    public string TypeName { get; init; } = Type.ToString();

    public long Bytes => Length * BytesOf(Type, TypeName);

    /// <summary>Of one element; 0 where the type is not known.</summary>
    internal static int BytesOf(WeightType type, string name = "") =>
        type switch
        {
            WeightType.F32 => 4,
            WeightType.BF16 or WeightType.F16 => 2,
            _ => name switch
            {
                "F64" or "I64" or "U64" or "C64" => 8,
                "I32" or "U32" => 4,
                "I16" or "U16" => 2,
                "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 1,
                _ => 0,
            },
        };
}
