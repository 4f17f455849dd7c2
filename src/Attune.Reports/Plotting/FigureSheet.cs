using System.Collections.Immutable;
using System.Globalization;
using Attune.Reports.Html;

namespace Attune.Reports.Plotting;

/// <summary>Plots side by side as one SVG file that stands alone: colours, type and titles are inside, for light and dark pages.</summary>
public sealed record FigureSheet(string Title, ImmutableArray<Plot> Plots)
{
    private const double Head = 42;
    private const double Gap = 18;

    private const string Style = """
        svg { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; --ink: #1c2127; --soft: #59626d;
          --card: #ffffff; --grid: #ecedeb; --axis: #b9bec4;
          --hue-0: #1f6db3; --hue-1: #c25a08; --hue-2: #0b8064; --hue-3: #8451a8; --hue-4: #c22f3e; --hue-5: #137f93; --hue-6: #7a6a00;
            --hue-7: #b03a80; --hue-8: #59626d; }
        @media (prefers-color-scheme: dark) { svg { --ink: #e6e9ed; --soft: #a2abb6; --card: #0d1117; --grid: #232932; --axis: #4a535f;
          --hue-0: #6db3f4; --hue-1: #f2a057; --hue-2: #4fc7a1; --hue-3: #c79cea; --hue-4: #f0808a; --hue-5: #58c2d6; --hue-6: #c9b84a;
            --hue-7: #ea8fc0; --hue-8: #a2abb6; } }
        .back { fill: var(--card); } .title { fill: var(--ink); font-size: 14px; font-weight: 600; } .panel { fill: var(--ink);
          font-size: 12px; font-weight: 600; }
        .hue-0 { --hue: var(--hue-0); } .hue-1 { --hue: var(--hue-1); } .hue-2 { --hue: var(--hue-2); } .hue-3 { --hue: var(--hue-3); }
        .hue-4 { --hue: var(--hue-4); }
        .hue-5 { --hue: var(--hue-5); } .hue-6 { --hue: var(--hue-6); } .hue-7 { --hue: var(--hue-7); } .hue-8 { --hue: var(--hue-8); }
        .strip { fill: transparent; } .plot text { fill: var(--soft); } .gridline { stroke: var(--grid); } .axis { stroke: var(--axis); }
        .line, .raw, .way { fill: none; stroke: var(--hue); stroke-linejoin: round; stroke-linecap: round; } .line { stroke-width: 2; }
        .raw { stroke-width: 1; opacity: .28; } .way { stroke-width: 1.4; opacity: .6; }
        .band { fill: var(--hue); opacity: .12; } .dot { fill: var(--hue); stroke: var(--card); } .whisker { stroke: var(--hue);
          stroke-width: 1.5; opacity: .55; }
        .plot .end { fill: var(--hue); font-weight: 600; } .dashed { fill: none; stroke: var(--hue); stroke-width: 1.6;
          stroke-dasharray: 5 4; }
        .leader { fill: none; stroke: var(--hue); stroke-width: .8; opacity: .45; } .mark { fill: none; stroke: var(--hue);
          stroke-width: 1.8; } .reference { stroke: var(--soft); stroke-dasharray: 4 4; }
        """;

    public string ToSvg()
    {
        var svg = new Markup();
        var (width, height) = (Plots.Sum(p => p.Width) + (Gap * (Plots.Length + 1)), Plots.Max(p => p.Height) + Head + 26);
        using (
            svg.Open(
                "svg",
                ("xmlns", "http://www.w3.org/2000/svg"),
                ("viewBox", $"0 0 {Markup.Number(width)} {Markup.Number(height)}"),
                ("role", "img"),
                ("aria-label", Title)
            )
        )
        {
            svg.Verbatim("<style>" + Style + "</style>");
            svg.Empty("rect", ("class", "back"), ("width", "100%"), ("height", "100%"));
            svg.Element("text", Title, ("class", "title"), ("x", Markup.Number(Gap)), ("y", "22"));
            var x = Gap;
            foreach (var plot in Plots)
            {
                svg.Element("text", plot.Title, ("class", "panel"), ("x", Markup.Number(x + 4)), ("y", Markup.Number(Head + 4)));
                using (
                    svg.Open(
                        "svg",
                        ("x", Markup.Number(x)),
                        ("y", Markup.Number(Head + 10)),
                        ("width", plot.Width.ToString(CultureInfo.InvariantCulture)),
                        ("height", plot.Height.ToString(CultureInfo.InvariantCulture))
                    )
                )
                {
                    svg.Verbatim(plot.ToSvg());
                }

                x += plot.Width + Gap;
            }
        }

        return svg.Verbatim("\n").ToString();
    }
}
