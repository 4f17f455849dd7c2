using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// Numbers in blocks of 64 that share one scale, their largest magnitude (block-wise quantisation, Dettmers et al. 2022, arXiv:2110.02861):
/// as 8-bit integers, or as 4-bit codes of NormalFloat (QLoRA, Dettmers et al. 2023, arXiv:2305.14314), whose 16 values are quantiles of a
/// normal distribution.
/// </summary>
public static unsafe class QuantizedBlocks
{
    public const int Block = 64;

    /// <summary>NF4's values (QLoRA, appendix E): 8 quantiles below 0, 0 itself, 7 above, scaled to reach from -1 to 1.</summary>
    public static ReadOnlySpan<float> NormalFloat =>
        [
            -1f,
            -0.6961928009986877f,
            -0.5250730514526367f,
            -0.39491748809814453f,
            -0.28444138169288635f,
            -0.18477343022823334f,
            -0.09105003625154495f,
            0f,
            0.07958029955625534f,
            0.16093020141124725f,
            0.24611230194568634f,
            0.33791524171829224f,
            0.44070982933044434f,
            0.5626170039176941f,
            0.7229568362236023f,
            1f,
        ];

    /// <summary>Bytes of a block's codes: 64 for 8 bits, 32 for 4, in which byte i holds number i low and number i + 32 high.</summary>
    public static int CodeBytes(bool isFourBit) => isFourBit ? Block / 2 : Block;

    /// <summary>Codes a block.</summary>
    /// <param name="values">At most 64; the rest of the block becomes zeros.</param>
    /// <returns>The scale.</returns>
    public static float Encode(ReadOnlySpan<float> values, Span<byte> codes, bool isFourBit)
    {
        codes.Clear();
        var scale = 0f;
        foreach (var value in values)
        {
            scale = Math.Max(scale, Math.Abs(value));
        }

        for (var i = 0; i < Block; i++)
        {
            var share = i < values.Length && scale > 0 ? values[i] / scale : 0;
            if (isFourBit)
            {
                codes[i % (Block / 2)] |= (byte)(Nearest(share) << (i < Block / 2 ? 0 : 4));
            }
            else
            {
                codes[i] = (byte)(sbyte)MathF.Round(share * 127);
            }
        }

        return scale;
    }

    /// <summary>Writes blocks back as numbers.</summary>
    /// <param name="target">Room for whole blocks.</param>
    public static void Decode(byte* codes, float* scales, int blocks, float* target, bool isFourBit)
    {
        fixed (float* table = NormalFloat)
        {
            var values = Vector512.Load(table);
            for (var block = 0; block < blocks; block++, codes += CodeBytes(isFourBit), target += Block)
            {
                if (isFourBit)
                {
                    var scale = Vector512.Create(scales[block]);
                    for (var half = 0; half < Block / 2; half += 16)
                    {
                        var pairs = Wide(Vector128.Load(codes + half));
                        (Vector512.Shuffle(values, pairs & Vector512.Create(15)) * scale).Store(target + half);
                        (Vector512.Shuffle(values, pairs >>> 4) * scale).Store(target + Block / 2 + half);
                    }
                }
                else
                {
                    var step = Vector512.Create(scales[block] / 127);
                    for (var part = 0; part < Block; part += 16)
                    {
                        (Vector512.ConvertToSingle(WideSigned(Vector128.Load((sbyte*)codes + part))) * step).Store(target + part);
                    }
                }
            }
        }
    }

    private static Vector512<int> Wide(Vector128<byte> bytes)
    {
        var (low, high) = Vector128.Widen(bytes);
        return Vector512
            .Create(
                Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)),
                Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high))
            )
            .AsInt32();
    }

    private static Vector512<int> WideSigned(Vector128<sbyte> bytes)
    {
        var (low, high) = Vector128.Widen(bytes);
        return Vector512.Create(
            Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)),
            Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high))
        );
    }

    private static int Nearest(float value)
    {
        var table = NormalFloat;
        var best = 0;
        for (var i = 1; i < table.Length; i++)
        {
            best = Math.Abs(table[i] - value) < Math.Abs(table[best] - value) ? i : best;
        }

        return best;
    }
}
