namespace Attune.Kernels;

/// <summary>How 32 neighbouring weights of a row are kept in few bits, with the layouts of ggml (ggml-common.h).</summary>
public enum BlockType
{
    /// <summary>Q8_0, 34 bytes: a 16-bit scale d and 32 signed bytes q; a weight is q d.</summary>
    Q80,

    /// <summary>Q4_0, 18 bytes: a 16-bit scale d and 32 codes q of 4 bits; a weight is (q - 8) d.</summary>
    Q40,

    /// <summary>Q4_1, 20 bytes: a 16-bit scale d, a 16-bit least value m and 32 codes q of 4 bits; a weight is q d + m.</summary>
    Q41,
}
