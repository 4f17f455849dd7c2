using Attune.Web.Annotation;
using Attune.Web.Rendering.Tex;
using Markdig.Renderers;
using Markdig.Syntax.Inlines;

namespace Attune.Web.Rendering;

/// <summary>Parts of lines as elements. Every text goes through <see cref="Visible"/>.</summary>
internal static class InlineRenderers
{
    public static IEnumerable<IMarkdownObjectRenderer> All(AnswerImages images) => [.. Texts, .. Places(images)];

    private static IEnumerable<IMarkdownObjectRenderer> Texts =>
        [
            new BlockRenderers.Of<LiteralInline>((html, text) => Visible(html, text.Content.ToString())),
            new BlockRenderers.Of<HtmlEntityInline>((html, entity) => Visible(html, entity.Transcoded.ToString())),
            // A line of the answer stays a line: models break lines where they mean it.
            new BlockRenderers.Of<LineBreakInline>((html, _) => html.Write("<br>")),
            new BlockRenderers.Of<BreakInline>((html, _) => html.Write("<br>")),
            new BlockRenderers.Of<EmphasisInline>(Emphasis),
            new BlockRenderers.Of<CodeInline>(
                (html, code) =>
                {
                    html.Write("<code>");
                    Visible(html, code.Content);
                    html.Write("</code>");
                }
            ),
            new BlockRenderers.Of<RaisedInline>(
                (html, raised) =>
                {
                    html.Write("<").Write(raised.Tag).Write(">");
                    Visible(html, raised.Text);
                    html.Write("</").Write(raised.Tag).Write(">");
                }
            ),
            new BlockRenderers.Of<MathInline>((html, math) => html.Write(MathMarkup.Of(math.Source, math.Display))),
        ];

    private static IEnumerable<IMarkdownObjectRenderer> Places(AnswerImages images) =>
        [
            new BlockRenderers.Of<AutolinkInline>(
                (html, link) => Link(html, link.IsEmail ? "mailto:" + link.Url : link.Url, null, link.Url)
            ),
            new BlockRenderers.Of<LinkInline>(
                (html, link) =>
                {
                    if (link.IsImage)
                    {
                        Image(html, link, images);
                    }
                    else
                    {
                        Link(html, link);
                    }
                }
            ),
            // What is left of unfinished markup is text.
            new BlockRenderers.Of<DelimiterInline>(
                (html, open) =>
                {
                    Visible(html, open.ToLiteral());
                    html.WriteChildren(open);
                }
            ),
            new BlockRenderers.Of<ContainerInline>((html, parts) => html.WriteChildren(parts)),
        ];

    /// <summary>Encoded, with invisible characters made visible.</summary>
    public static void Visible(HtmlRenderer html, string text)
    {
        foreach (var part in VisibleText.Of(text))
        {
            if (part.Hidden)
            {
                html.Write("<span class=\"hid\" title=\"").WriteEscape(part.Title).Write("\">").WriteEscape(part.Text).Write("</span>");
            }
            else
            {
                html.WriteEscape(part.Text);
            }
        }
    }

    private static void Emphasis(HtmlRenderer html, EmphasisInline emphasis)
    {
        var tag =
            emphasis.DelimiterChar == '~' ? "del"
            : emphasis.DelimiterCount == 2 ? "strong"
            : "em";
        html.Write("<").Write(tag).Write(">");
        html.WriteChildren(emphasis);
        html.Write("</").Write(tag).Write(">");
    }

    private static void Link(HtmlRenderer html, LinkInline link)
    {
        var url = link.Url ?? "";
        var known = Known(url);
        if (known is not null)
        {
            Open(html, known, link.Title);
        }
        html.WriteChildren(link);
        if (known is not null)
        {
            html.Write("</a>");
        }
        // Where it leads is part of the answer, and stands there without a pointer too.
        if (!link.IsAutoLink)
        {
            html.Write(" <span class=\"host\">(");
            Visible(
                html,
                known is { Scheme: "http" or "https" } && (link.Title ?? "").Length == 0 ? known.IdnHost : $"{url} {link.Title}".TrimEnd()
            );
            html.Write(")</span>");
        }
    }

    private static void Link(HtmlRenderer html, string url, string? title, string text)
    {
        var known = Known(url);
        if (known is not null)
        {
            Open(html, known, title);
        }
        Visible(html, text);
        html.Write(known is null ? "" : "</a>");
    }

    private static void Open(HtmlRenderer html, Uri address, string? title) =>
        html.Write("<a target=\"_blank\" rel=\"noopener noreferrer nofollow\" href=\"")
            .WriteEscape(address.AbsoluteUri)
            .Write("\" title=\"")
            .WriteEscape($"{address.AbsoluteUri} {title}".TrimEnd())
            .Write("\">");

    /// <summary>Addresses that a person may follow; javascript:, data: and relative ones, which lead into this app, are text.</summary>
    private static Uri? Known(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "mailto" ? address : null;

    private static void Image(HtmlRenderer html, LinkInline link, AnswerImages images)
    {
        var source = link.Url ?? "";
        using var words = new StringWriter();
        var plain = new HtmlRenderer(words) { EnableHtmlForInline = false };
        plain.WriteChildren(link);
        var alt = words.ToString();
        if (images.Address(source) is { } address)
        {
            html.Write("<img class=\"picture\" referrerpolicy=\"no-referrer\" src=\"").WriteEscape(address).Write("\" alt=\"");
            html.WriteEscape(alt).Write("\">");
            return;
        }
        html.Write("<span class=\"unloaded\">Image not loaded: ");
        Visible(html, $"{alt} ({(source.Length <= 120 ? source : source[..120] + "…")})".TrimStart());
        html.Write("</span>");
    }
}
