using System.Globalization;
using Attune.Web.Rendering.Tex;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;

namespace Attune.Web.Rendering;

/// <summary>Blocks as elements. Each text block finds its own direction, so that Arabic and English may stand in one answer.</summary>
internal static class BlockRenderers
{
    /// <summary>The page has two levels of headings of its own above an answer.</summary>
    private const int LevelsAbove = 2;

    private const int LowestHeading = 6;

    public static IEnumerable<IMarkdownObjectRenderer> All =>
        [
            new Of<ParagraphBlock>(Paragraph),
            new Of<HeadingBlock>(Heading),
            new Of<ListBlock>(List),
            new Of<QuoteBlock>(
                (html, quote) =>
                {
                    html.Write("<blockquote dir=\"auto\">");
                    Children(html, quote);
                    html.Write("</blockquote>");
                }
            ),
            new Of<ThematicBreakBlock>((html, _) => html.Write("<hr>")),
            new Of<CodeBlock>(Code),
            new Of<MathBlock>(Math),
            new Of<Table>(TableOf),
            new Of<LinkReferenceDefinitionGroup>(References),
        ];

    /// <summary>A renderer that is one function.</summary>
    internal sealed class Of<T>(Action<HtmlRenderer, T> write) : HtmlObjectRenderer<T>
        where T : MarkdownObject
    {
        protected override void Write(HtmlRenderer renderer, T obj) => write(renderer, obj);
    }

    private static void Paragraph(HtmlRenderer html, ParagraphBlock paragraph)
    {
        // In a tight list the item itself is the paragraph.
        if (html.ImplicitParagraph)
        {
            html.WriteLeafInline(paragraph);
            return;
        }
        html.Write("<p dir=\"auto\">");
        html.WriteLeafInline(paragraph);
        html.Write("</p>");
    }

    private static void Heading(HtmlRenderer html, HeadingBlock heading)
    {
        var level = System.Math.Min(LowestHeading, heading.Level + LevelsAbove).ToString(CultureInfo.InvariantCulture);
        html.Write("<h").Write(level).Write(" dir=\"auto\">");
        html.WriteLeafInline(heading);
        html.Write("</h").Write(level).Write(">");
    }

    private static void List(HtmlRenderer html, ListBlock list)
    {
        var start = list.IsOrdered && int.TryParse(list.OrderedStart, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 1;
        html.Write(list.IsOrdered ? "<ol dir=\"auto\"" : "<ul dir=\"auto\"");
        html.Write(start == 1 ? ">" : string.Create(CultureInfo.InvariantCulture, $" start=\"{start}\">"));
        foreach (var item in list)
        {
            var outer = html.ImplicitParagraph;
            html.ImplicitParagraph = !list.IsLoose;
            html.Write("<li dir=\"auto\">");
            Children(html, (ContainerBlock)item);
            html.Write("</li>");
            html.ImplicitParagraph = outer;
        }

        html.Write(list.IsOrdered ? "</ol>" : "</ul>");
    }

    /// <summary>Not wrapped, so that the same code is equally high in both columns; one scrolls along it, by keyboard too.</summary>
    private static void Code(HtmlRenderer html, CodeBlock block)
    {
        var language = (block as FencedCodeBlock)?.Info?.Split(' ', ',', '{')[0] ?? "";
        html.Write("<div class=\"code\" dir=\"ltr\">");
        if (language.Length > 0)
        {
            html.Write("<p class=\"lang\">");
            InlineRenderers.Visible(html, language);
            html.Write("</p>");
        }
        html.Write("<pre tabindex=\"0\"><code>");
        foreach (var (text, kind) in CodeTokens.Of(block.Lines.ToString(), language))
        {
            if (kind.Length > 0)
            {
                html.Write("<span class=\"").Write(kind).Write("\">");
            }
            InlineRenderers.Visible(html, text);
            if (kind.Length > 0)
            {
                html.Write("</span>");
            }
        }

        html.Write("</code></pre></div>");
    }

    private static void Math(HtmlRenderer html, MathBlock block)
    {
        html.Write("<div class=\"display\" tabindex=\"0\">").Write(MathMarkup.Of(block.Lines.ToString(), display: true)).Write("</div>");
        if (block.Tail.Length > 0)
        {
            html.Write("<p dir=\"auto\">");
            InlineRenderers.Visible(html, block.Tail);
            html.Write("</p>");
        }
    }

    private static void TableOf(HtmlRenderer html, Table table)
    {
        html.Write("<div class=\"scroll\" tabindex=\"0\"><table>");
        foreach (var row in table.Cast<TableRow>())
        {
            html.Write(row.IsHeader ? "<thead><tr>" : "<tr>");
            foreach (var (i, cell) in row.Cast<TableCell>().Index())
            {
                var place = i < table.ColumnDefinitions.Count ? table.ColumnDefinitions[i].Alignment : null;
                var tag = row.IsHeader ? "th" : "td";
                html.Write("<").Write(tag).Write(" dir=\"auto\"").Write(Side(place)).Write(">");
                var outer = html.ImplicitParagraph;
                html.ImplicitParagraph = true;
                Children(html, cell);
                html.ImplicitParagraph = outer;
                html.Write("</").Write(tag).Write(">");
            }
            html.Write(row.IsHeader ? "</tr></thead>" : "</tr>");
        }
        html.Write("</table></div>");
    }

    private static string Side(TableColumnAlign? place) =>
        place switch
        {
            TableColumnAlign.Right => " class=\"right\"",
            TableColumnAlign.Center => " class=\"centre\"",
            TableColumnAlign.Left => " class=\"left\"",
            _ => "",
        };

    /// <summary>Markdown hides the definitions of links. They are part of the answer, so they are shown.</summary>
    private static void References(HtmlRenderer html, LinkReferenceDefinitionGroup group)
    {
        foreach (var link in group.OfType<LinkReferenceDefinition>())
        {
            html.Write("<p dir=\"auto\">[");
            InlineRenderers.Visible(html, $"{link.Label}]: {link.Url} {link.Title}".TrimEnd());
            html.Write("</p>");
        }
    }

    private static void Children(HtmlRenderer html, ContainerBlock block) => html.WriteChildren(block);
}
