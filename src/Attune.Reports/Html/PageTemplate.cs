using System.Security.Cryptography;
using System.Text;

namespace Attune.Reports.Html;

/// <summary>The frame of every report: one file that loads nothing, with its style sheet and script inside.</summary>
internal static class PageTemplate
{
    private static readonly string Style = Embedded("report.css");
    private static readonly string Script = Embedded("report.js");

    /// <summary>Draws episodes of agents that act.</summary>
    internal static readonly string Episodes = Embedded("episodes.js");

    /// <summary>A whole page.</summary>
    /// <param name="body">Writes the content of the page's only column.</param>
    /// <param name="scripts">beside the one that every report has</param>
    public static string Render(string title, Action<Markup> body, params string[] scripts)
    {
        scripts = [Script, .. scripts];
        var html = new Markup();
        html.Verbatim("<!DOCTYPE html>\n");
        using (html.Open("html", ("lang", "en")))
        {
            Head(html, title, scripts);
            using (html.Open("body"))
            {
                using (html.Open("main"))
                {
                    body(html);
                }

                foreach (var script in scripts)
                {
                    html.Verbatim("<script>" + script + "</script>");
                }
            }
        }

        return html.Verbatim("\n").ToString();
    }

    private static void Head(Markup html, string title, string[] scripts)
    {
        using (html.Open("head"))
        {
            html.Empty("meta", ("charset", "utf-8"));
            // Even if a model's text were not encoded by mistake, the browser would neither run nor fetch anything.
            var hashes = scripts.Select(s => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(s)))}'");
            html.Empty(
                "meta",
                ("http-equiv", "Content-Security-Policy"),
                (
                    "content",
                    $"default-src 'none'; style-src 'unsafe-inline'; script-src {string.Join(' ', hashes)}; "
                        + "base-uri 'none'; form-action 'none'"
                )
            );
            html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
            html.Element("title", title + " · Attune");
            html.Verbatim("<style>" + Style + "</style>");
        }
    }

    private static string Embedded(string name)
    {
        using var stream = typeof(PageTemplate).Assembly.GetManifestResourceStream("Attune.Reports." + name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
