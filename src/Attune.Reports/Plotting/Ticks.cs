using System.Collections.Immutable;
using System.Globalization;

namespace Attune.Reports.Plotting;

/// <summary>The positions and labels of an axis's ticks. Steps are 1, 2 or 5 times a power of ten.</summary>
public static class Ticks
{
    /// <summary>
    /// All multiples of a nice step within [<paramref name="low"/>, <paramref name="high"/>]: at least two, about
    /// <paramref name="wanted"/>.
    /// </summary>
    public static ImmutableArray<double> Linear(double low, double high, int wanted = 5)
    {
        Check(low, high);
        var step = Step((high - low) / wanted);
        while (Multiples(low, high, step) is var ticks)
        {
            if (ticks.Length >= 2)
            {
                return ticks;
            }

            step = Step(step * 0.5);
        }

        throw new System.Diagnostics.UnreachableException();
    }

    /// <summary>
    /// Powers of ten within the range; with 2 and 5 times them, or 5 alone, where fewer than three powers fit; seven at most.
    /// </summary>
    public static ImmutableArray<double> Logarithmic(double low, double high)
    {
        Check(low, high);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(low);
        var first = (int)Math.Floor(Math.Log10(low));
        var last = (int)Math.Ceiling(Math.Log10(high));
        ImmutableArray<double> Of(params int[] digits) =>
            [
                .. Enumerable
                    .Range(first, last - first + 1)
                    .SelectMany(power => digits.Select(digit => Decimal(digit, power)))
                    .Where(tick => tick >= low * (1 - 1e-12) && tick <= high * (1 + 1e-12)),
            ];

        var powers = Of(1);
        if (powers.Length > 6)
        {
            var stride = (powers.Length + 5) / 6;
            return [.. powers.Where((_, i) => i % stride == 0)];
        }

        var fine = powers.Length >= 3 ? powers : Of(1, 2, 5);
        // Just short of three powers, 1, 2 and 5 times them make eight ticks.
        fine = fine.Length > 7 ? Of(1, 5) : fine;
        return fine.Length >= 2 ? fine : Linear(low, high);
    }

    /// <summary>Labels with as many digits as tell the ticks apart, and no more. Minus is U+2212.</summary>
    public static ImmutableArray<string> Labels(ImmutableArray<double> ticks)
    {
        if (ticks.IsEmpty)
        {
            return [];
        }

        var largest = ticks.Max(Math.Abs);
        var finest = ticks.Length < 2 ? largest : ticks.Zip(ticks.Skip(1), (a, b) => b - a).Min();
        var smallest = ticks.Select(Math.Abs).Where(size => size > 0).DefaultIfEmpty(largest).Min();
        var uneven = ticks.Length > 2 && ticks[^1] - ticks[^2] > 1.5 * (ticks[1] - ticks[0]);
        if (largest is >= 1e6 or < 1e-3 || (uneven && smallest < 1e-4))
        {
            // As many digits as lie between the largest tick and the smallest step, so that no two labels are the same.
            var digits = Math.Clamp((int)(Math.Floor(Math.Log10(largest) + 1e-9) - Math.Floor(Math.Log10(finest) + 1e-9)), 2, 15);
            return [.. ticks.Select(tick => Scientific(tick, digits))];
        }

        var format = uneven ? "#,0.####" : "N" + Decimals(finest);
        return [.. ticks.Select(tick => Minus(tick.ToString(format, CultureInfo.InvariantCulture)))];
    }

    private static void Check(double low, double high)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || low >= high)
        {
            throw new ArgumentException($"axis goes from {low} to {high}; expected two finite numbers, the smaller first.");
        }
    }

    /// <summary>The nice number nearest to <paramref name="rough"/> by ratio.</summary>
    private static double Step(double rough)
    {
        var power = (int)Math.Floor(Math.Log10(rough));
        var digits = rough / Decimal(1, power);
        return (digits * digits) switch
        {
            < 1 * 2 => Decimal(1, power),
            < 2 * 5 => Decimal(2, power),
            < 5 * 10 => Decimal(5, power),
            _ => Decimal(1, power + 1),
        };
    }

    private static ImmutableArray<double> Multiples(double low, double high, double step)
    {
        var slack = (high - low) * 1e-9;
        var first = Math.Ceiling((low - slack) / step);
        var last = Math.Floor((high + slack) / step);
        // A quotient of decimals, not a product: 3 / 10 prints as 0.3, 3 * 0.1 does not.
        return
        [
            .. Enumerable
                .Range(0, Math.Max(0, (int)(last - first) + 1))
                .Select(i => step < 1 ? (first + i) / Math.Round(1 / step) : (first + i) * step),
        ];
    }

    private static double Decimal(int digit, int power) => double.Parse($"{digit}E{power}", CultureInfo.InvariantCulture);

    private static int Decimals(double step) => Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9));

    private static string Scientific(double tick, int digits) =>
        tick == 0 ? "0" : Minus(tick.ToString($"0.{new string('#', digits)}e0", CultureInfo.InvariantCulture));

    // 2e-9 has a minus in its exponent; -0 has none.
    private static string Minus(string text) =>
        text.TrimStart('-').All(c => c is '0' or '.') ? text.TrimStart('-') : text.Replace('-', '\u2212');
}
