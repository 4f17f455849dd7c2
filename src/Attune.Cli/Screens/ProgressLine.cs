using System.Globalization;

namespace Attune.Cli.Screens;

/// <summary>
/// One line about work under way, made for a width: what does not fit is left out, the least needed first, so that nothing breaks.
/// </summary>
/// <param name="Before">Before the bar.</param>
/// <param name="Done">The bar's part that is done; as long as it is wide.</param>
/// <param name="Open">The bar's rest.</param>
/// <param name="After">After the bar.</param>
internal sealed record ProgressLine(string Before, string Done, string Open, string After)
{
    private const int WideName = 23;
    private const int NarrowName = 16;
    private const int CountWidth = 11;

    public override string ToString() => Before + Done + Open + After;

    /// <param name="elapsed">Since the work began; null while it has not.</param>
    /// <param name="width">Columns that the line may take.</param>
    public static ProgressLine Of(string name, double done, double total, TimeSpan? elapsed, string figures, int width)
    {
        var bar = width >= 110 ? 24 : Math.Clamp(width / 6, 4, 12);
        var before = Fitted(name, Math.Min(width < 70 ? NarrowName : WideName, Math.Max(4, width / 3))) + " ";
        var count = string.Create(CultureInfo.InvariantCulture, $"{done:0}/{total:0}");
        var after = " " + count.PadLeft(Math.Min(CountWidth, Math.Max(count.Length, width / 5)));
        var rate = elapsed is { TotalSeconds: > 0.5 } time ? done / time.TotalSeconds : 0;
        var room = width - before.Length - bar - after.Length;
        foreach (var part in Parts(done, total, elapsed, rate, figures, width))
        {
            if (part.Length + 2 <= room && part.Length > 0)
            {
                after += "  " + part;
                room -= part.Length + 2;
            }
        }

        var filled = (int)Math.Clamp(bar * done / Math.Max(1, total), 0, bar);
        return new ProgressLine(before, new string('━', filled), new string('─', bar - filled), after);
    }

    /// <summary>What stands after the count, the most needed first.</summary>
    private static IEnumerable<string> Parts(double done, double total, TimeSpan? elapsed, double rate, string figures, int width)
    {
        var isOver = done >= total;
        if (!isOver && rate > 0)
        {
            yield return "left " + Clock.Digits(TimeSpan.FromSeconds(Math.Min(1e8, (total - done) / rate)));
        }

        if (elapsed is { } time && (isOver || width >= 100))
        {
            yield return (isOver ? "took " : "elapsed ") + Clock.Digits(time);
        }

        yield return Clock.Rate(rate);
        yield return figures;
    }

    private static string Fitted(string name, int width) => name.Length > width ? name[..(width - 1)] + "…" : name.PadRight(width);
}
