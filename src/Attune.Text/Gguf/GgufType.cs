namespace Attune.Text.Gguf;

/// <summary>The number types of a GGUF file that are read here; numbers as in ggml.h.</summary>
public enum GgufType
{
    F32 = 0,
    F16 = 1,

    /// <summary>Q4_0: blocks of 32 numbers, a 16-bit scale and 4 bits for each.</summary>
    Q40 = 2,

    /// <summary>Q4_1: as Q4_0, with a 16-bit offset.</summary>
    Q41 = 3,

    /// <summary>Q5_0: as Q4_0, with 5 bits.</summary>
    Q50 = 6,

    /// <summary>Q5_1: as Q4_1, with 5 bits.</summary>
    Q51 = 7,

    /// <summary>Q8_0: blocks of 32 numbers, a 16-bit scale and 32 signed bytes.</summary>
    Q8 = 8,

    /// <summary>Q2_K: blocks of 256 numbers of 2 bits, with a scale and an offset of 4 bits for every 16.</summary>
    Q2K = 10,

    /// <summary>Q3_K: blocks of 256 numbers of 3 bits, with a scale of 6 bits for every 16.</summary>
    Q3K = 11,

    /// <summary>Q4_K: blocks of 256 numbers of 4 bits, with a scale and an offset of 6 bits for every 32.</summary>
    Q4K = 12,

    /// <summary>Q5_K: as Q4_K, with 5 bits.</summary>
    Q5K = 13,

    /// <summary>Q6_K: blocks of 256 numbers of 6 bits, with a scale of 8 bits for every 16.</summary>
    Q6K = 14,

    /// <summary>IQ4_NL: blocks of 32 numbers, a 16-bit scale and the place of each in a table of 16 values.</summary>
    Iq4Nl = 20,

    /// <summary>IQ4_XS: blocks of 256 numbers by the same table, with a scale of 6 bits for every 32.</summary>
    Iq4Xs = 23,
    BF16 = 30,
}

/// <summary>How many numbers and bytes a block of each type has, and what ggml calls it.</summary>
public static class GgufTypes
{
    private static readonly Dictionary<GgufType, (string Name, int Length, int Bytes)> Known = new()
    {
        [GgufType.F32] = ("F32", 1, sizeof(float)),
        [GgufType.F16] = ("F16", 1, sizeof(ushort)),
        [GgufType.BF16] = ("BF16", 1, sizeof(ushort)),
        [GgufType.Q40] = ("Q4_0", 32, 18),
        [GgufType.Q41] = ("Q4_1", 32, 20),
        [GgufType.Q50] = ("Q5_0", 32, 22),
        [GgufType.Q51] = ("Q5_1", 32, 24),
        [GgufType.Q8] = ("Q8_0", 32, 34),
        [GgufType.Q2K] = ("Q2_K", 256, 84),
        [GgufType.Q3K] = ("Q3_K", 256, 110),
        [GgufType.Q4K] = ("Q4_K", 256, 144),
        [GgufType.Q5K] = ("Q5_K", 256, 176),
        [GgufType.Q6K] = ("Q6_K", 256, 210),
        [GgufType.Iq4Nl] = ("IQ4_NL", 32, 18),
        [GgufType.Iq4Xs] = ("IQ4_XS", 256, 136),
    };

    // ggml's other types, so that a message can name them.
    private static readonly Dictionary<uint, string> Others = new()
    {
        [4] = "Q4_2",
        [5] = "Q4_3",
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
        [40] = "NVFP4",
    };

    /// <summary>The names of the types that are read.</summary>
    public static IEnumerable<string> Names => Known.Values.Select(k => k.Name);

    /// <summary>Numbers in a block; 1 for types without blocks.</summary>
    public static int BlockLength(this GgufType type) => Known[type].Length;

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(this GgufType type) => Known[type].Bytes;

    /// <summary>Bytes that so many numbers take, a multiple of the block's length.</summary>
    public static long BytesOf(this GgufType type, long count) => count / Known[type].Length * Known[type].Bytes;

    /// <summary>ggml's name for a type, also of one that is not read.</summary>
    public static string NameOf(uint type) =>
        Known.TryGetValue((GgufType)type, out var known) ? known.Name
        : Others.TryGetValue(type, out var other) ? other
        : $"number {type}";

    /// <summary>ggml's name for the type.</summary>
    public static string Name(this GgufType type) => Known[type].Name;
}
