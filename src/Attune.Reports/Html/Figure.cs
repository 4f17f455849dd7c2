using System.Globalization;
using Attune.Core.Statistics;

namespace Attune.Reports.Html;

/// <summary>Numbers formatted for readers: minus is U+2212, and commas separate thousands.</summary>
public static class Figure
{
    /// <summary>Three significant digits, whole numbers below a million in full: 0.0123, 1.40, 1,235, 3.14e−6.</summary>
    public static string Brief(double value)
    {
        var size = Math.Abs(value);
        return value switch
        {
            _ when !double.IsFinite(value) => "not a number",
            0 => "0",
            _ when size is >= 1e6 or < 1e-3 => Minus(value.ToString("0.##e0", CultureInfo.InvariantCulture)),
            _ when size >= 1000 || value == Math.Truncate(value) => Minus(value.ToString("#,0", CultureInfo.InvariantCulture)),
            _ => Minus(value.ToString("F" + Decimals(size), CultureInfo.InvariantCulture)),
        };
    }

    /// <summary>A reward or divergence: always two decimals, so that figures line up.</summary>
    public static string Fixed(double value) =>
        double.IsFinite(value) ? Minus(value.ToString("#,0.00", CultureInfo.InvariantCulture)) : "not a number";

    /// <summary>"0.42 ± 0.05"; the estimate alone where there is no interval.</summary>
    public static string PlusMinus(Interval interval) =>
        double.IsFinite(interval.HalfWidth) ? $"{Fixed(interval.Value)} ± {Fixed(interval.HalfWidth)}" : Fixed(interval.Value);

    /// <summary>A difference, with its sign.</summary>
    public static string Change(double value) => (value >= 0 ? "+" : "") + Fixed(value);

    public static string Percent(double share) =>
        double.IsFinite(share) ? Minus((100 * share).ToString("0.0", CultureInfo.InvariantCulture)) + "%" : "not a number";

    /// <summary>4.2 s, 3 min 12 s, 2 h 5 min.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0)
        {
            return "not known";
        }

        if (seconds < 9.95)
        {
            return seconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
        }

        var whole = (long)Math.Round(seconds);
        return whole switch
        {
            < 60 => $"{whole} s",
            < 3600 => $"{whole / 60} min {whole % 60} s",
            _ => $"{whole / 3600} h {whole % 3600 / 60} min",
        };
    }

    /// <summary>1 update, 2 updates.</summary>
    public static string Count(long count, string thing) =>
        count.ToString("#,0", CultureInfo.InvariantCulture) + " " + thing + (count == 1 ? "" : "s");

    private static int Decimals(double size) => Math.Max(0, 2 - (int)Math.Floor(Math.Log10(size)));

    private static string Minus(string text) => text.Replace('-', '\u2212');
}
