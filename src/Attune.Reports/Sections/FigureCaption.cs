using System.Collections.Immutable;
using Attune.Reports.Html;
using Attune.Reports.Plotting;

namespace Attune.Reports.Sections;

/// <summary>The caption above a plot.</summary>
internal static class FigureCaption
{
    public static void Write(Markup html, string title, string unit, string hint)
    {
        using (html.Open("figcaption"))
        {
            html.Element("strong", title);
            if (unit is not ("1" or ""))
            {
                html.Text(" ").Element("span", unit, ("class", "unit"));
            }

            if (hint.Length > 0)
            {
                html.Element("p", hint);
            }
        }
    }

    /// <summary>Written only where there are several series.</summary>
    public static void WriteLegend(Markup html, ImmutableArray<Series> series)
    {
        if (series.Length < 2)
        {
            return;
        }

        using (html.Open("ul", ("class", "legend")))
        {
            foreach (var one in series)
            {
                using (html.Open("li", ("class", "hue-" + (int)one.Hue)))
                {
                    html.Element("i", "").Text(one.Label);
                }
            }
        }
    }
}
