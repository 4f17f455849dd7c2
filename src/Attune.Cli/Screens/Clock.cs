using static System.FormattableString;

namespace Attune.Cli.Screens;

/// <summary>Times and rates as people read them.</summary>
internal static class Clock
{
    /// <summary>"40 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".</summary>
    public static string Words(double seconds)
    {
        var span = TimeSpan.FromSeconds(Math.Ceiling(Math.Min(seconds, 1e9)));
        return span.TotalMinutes < 1 ? Invariant($"{span.Seconds} s")
            : span.TotalHours < 1 ? Invariant($"{span.Minutes} min {span.Seconds} s")
            : span.TotalDays < 1 ? Invariant($"{span.Hours} h {span.Minutes} min")
            : Invariant($"{span.Days} d {span.Hours} h");
    }

    /// <summary>"3:20", "2:05:00".</summary>
    public static string Digits(TimeSpan span) =>
        span.TotalHours < 1
            ? Invariant($"{span.Minutes}:{span.Seconds:00}")
            : Invariant($"{(long)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}");

    /// <summary>"12.3/s"; of slow work what one piece takes: "25 s each". Empty while nothing is done.</summary>
    public static string Rate(double perSecond) =>
        perSecond <= 0 ? ""
        : perSecond >= 0.95 ? Invariant($"{perSecond:0.0}/s")
        : perSecond > 0.1 ? Invariant($"{1 / perSecond:0.0} s each")
        : $"{Words(1 / perSecond)} each";
}
