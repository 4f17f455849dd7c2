using Markdig;
using Markdig.Renderers;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Attune.Web.Rendering;

/// <summary>
/// An answer's Markdown and LaTeX as HTML. Three walls keep a hostile answer from doing anything: HTML in the text is text, every element
/// is written by the renderers of this folder, and <see cref="SafeHtml"/> lets only those elements and attributes through.
/// </summary>
public static class AnswerRenderer
{
    /// <summary>More is shown as it is: a page must come at once.</summary>
    private const int LongestText = 200_000;

    private static readonly MarkdownPipeline Pipeline = Build();

    /// <param name="images">Where images of the text may come from.</param>
    public static RenderedText Of(string text, AnswerImages images)
    {
        if (text.Length > LongestText || MarkupLoad.IsTooHeavy(text))
        {
            return RenderedText.TooMuch;
        }
        try
        {
            var document = Markdown.Parse(text, Pipeline);
            return IsPlain(document) ? RenderedText.Plain : new RenderedText(SafeHtml.Of(Write(document, images)), null);
        }
        catch (ArgumentException)
        {
            // Markdig's limit on nesting.
            return RenderedText.TooMuch;
        }
    }

    private static MarkdownPipeline Build()
    {
        var builder = new MarkdownPipelineBuilder()
            .UsePipeTables()
            .UseEmphasisExtras(Markdig.Extensions.EmphasisExtras.EmphasisExtraOptions.Strikethrough)
            .UseAutoLinks()
            .DisableHtml();
        builder.BlockParsers.Insert(0, new DisplayMathParser());
        builder.InlineParsers.Insert(0, new InlineMathParser());
        builder.InlineParsers.Insert(0, new HarmlessTagParser());
        return builder.Build();
    }

    /// <summary>Nothing but words and lines: then the text as it is shows more, every space of it.</summary>
    private static bool IsPlain(MarkdownDocument document) =>
        document
            .Descendants()
            .All(o =>
                o
                    is ParagraphBlock
                        or LiteralInline { IsFirstCharacterEscaped: false }
                        or LineBreakInline
                        or ContainerInline { Parent: null }
            );

    private static string Write(MarkdownDocument document, AnswerImages images)
    {
        using var writer = new StringWriter();
        var html = new HtmlRenderer(writer);
        html.ObjectRenderers.Clear();
        html.ObjectRenderers.AddRange(BlockRenderers.All);
        html.ObjectRenderers.AddRange(InlineRenderers.All(images));
        html.Render(document);
        return writer.ToString();
    }
}

/// <summary>An answer as shown.</summary>
/// <param name="Html">Sanitised; null where the text is shown as it is.</param>
/// <param name="Refusal">Why it could not be rendered; null where it was, or where there is nothing to render.</param>
public sealed record RenderedText(string? Html, string? Refusal)
{
    /// <summary>A text without any markup.</summary>
    public static readonly RenderedText Plain = new(null, null);

    public static readonly RenderedText TooMuch = new(null, "This text has too much markup to be rendered. It is shown as it is.");
}
