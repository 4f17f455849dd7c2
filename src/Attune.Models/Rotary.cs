using static TorchSharp.torch;

namespace Attune.Models;

/// <summary>
/// Rotary positions (Su et al. 2021) in the rotate-half form: element i and element i + half of a head turn together by the
/// angle position * theta^(-i / half).
/// </summary>
internal static class Rotary
{
    /// <summary>Cosines and sines of every angle, [positions * half] each, row by row; computed in double precision.</summary>
    internal static (float[] Cosines, float[] Sines) Tables(int positions, int headWidth, double theta)
    {
        var half = headWidth / 2;
        var cosines = new float[positions * half];
        var sines = new float[positions * half];
        for (var position = 0; position < positions; position++)
        {
            for (var i = 0; i < half; i++)
            {
                var (sine, cosine) = Math.SinCos(position * Math.Pow(theta, -(double)i / half));
                cosines[position * half + i] = (float)cosine;
                sines[position * half + i] = (float)sine;
            }
        }

        return (cosines, sines);
    }

    /// <param name="heads">[batch, heads, time, headWidth]</param>
    /// <param name="cosines">[time, half] or [batch, 1, time, half]</param>
    internal static Tensor Turn(Tensor heads, Tensor cosines, Tensor sines)
    {
        var half = heads.size(-1) / 2;
        var first = heads.narrow(-1, 0, half);
        var second = heads.narrow(-1, half, half);
        return cat([first * cosines - second * sines, second * cosines + first * sines], -1);
    }
}
