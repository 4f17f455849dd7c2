namespace Attune.Core.Feedback;

/// <summary>
/// How strongly one of two answers is preferred: eight levels, A A A A B B B B, 1 strongly A to 8 strongly B, without a middle, so that
/// every answer leans to one side (the scale of Bai et al. 2022, arXiv:2204.05862).
/// </summary>
public static class Strength
{
    public const int Levels = 8;

    public static bool IsLevel(int level) => level is >= 1 and <= Levels;

    public static bool PrefersFirst(int level) => level <= Levels / 2;

    /// <summary>The same preference where the answers stand in the other order.</summary>
    public static int Swap(int level) => Levels + 1 - level;

    /// <summary>
    /// The margin that the Bradley-Terry loss asks for: 0 where the preference is slight, 1 where it is strong, in equal steps. The four
    /// values are those Touvron et al. 2023 (arXiv:2307.09288) give their four levels in the small variant of their margin.
    /// </summary>
    public static double Margin(int level) => (Math.Abs((2 * level) - Levels - 1) - 1) / (double)(Levels - 2);
}
