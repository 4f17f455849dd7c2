using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>
/// Rotary positions (Su et al. 2021) in the rotate-half form: element i and element i + half of a head turn together by the
/// angle position * theta^(-i / half).
/// </summary>
internal static class RotaryEmbedding
{
    /// <summary>Cosines and sines of every angle, [contextLength * half] each, row by row; computed in double precision.</summary>
    /// <remarks>half is half of the numbers that are turned in a head.</remarks>
    /// <param name="beyond">For texts longer than the original context, where that changes the angles.</param>
    internal static (float[] Cosines, float[] Sines) Tables(TransformerConfig config, bool beyond = false)
    {
        var half = config.RotaryWidth / 2;
        var plain = Frequencies(config);
        var frequencies = config.RopeScaling?.Stretched(plain, config.RopeTheta, beyond) ?? plain;
        var factor = config.RopeScaling?.Attention ?? 1;
        var cosines = new float[(long)config.ContextLength * half];
        var sines = new float[(long)config.ContextLength * half];
        Parallel.For(
            0,
            config.ContextLength,
            position =>
            {
                for (var i = 0; i < half; i++)
                {
                    var (sine, cosine) = Math.SinCos(position * frequencies[i]);
                    cosines[(long)position * half + i] = (float)(factor * cosine);
                    sines[(long)position * half + i] = (float)(factor * sine);
                }
            }
        );

        return (cosines, sines);
    }

    /// <summary>Radians a token of each pair of a head's turned numbers, before they are stretched.</summary>
    internal static double[] Frequencies(TransformerConfig config)
    {
        var half = config.RotaryWidth / 2;
        return [.. Enumerable.Range(0, half).Select(i => Math.Pow(config.RopeTheta, -(double)i / half))];
    }

    /// <param name="heads">[batch, heads, time, headWidth]; numbers beyond the tables' pass through.</param>
    /// <param name="cosines">[time, half] or [batch, 1, time, half]</param>
    internal static Tensor Turn(Tensor heads, Tensor cosines, Tensor sines)
    {
        var (half, width) = (cosines.size(-1), heads.size(-1));
        var first = heads.narrow(-1, 0, half);
        var second = heads.narrow(-1, half, half);
        var (turned, partner) = (first * cosines - second * sines, second * cosines + first * sines);
        return 2 * half == width ? cat([turned, partner], -1) : cat([turned, partner, heads.narrow(-1, 2 * half, width - 2 * half)], -1);
    }
}
