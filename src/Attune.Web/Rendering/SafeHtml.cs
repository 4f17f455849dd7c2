using Ganss.Xss;

namespace Attune.Web.Rendering;

/// <summary>The last wall: only elements, attributes, classes and addresses that answers need pass, whatever wrote them.</summary>
internal static class SafeHtml
{
    private static readonly string[] Tags =
    [
        .. "p br hr strong em del sub sup code pre ul ol li blockquote table thead tbody tr th td a img span div h3 h4 h5 h6".Split(' '),
        .. "math mrow mi mn mo mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr".Split(' '),
        .. "mtd mstyle mphantom".Split(' '),
    ];

    private static readonly string[] Attributes =
    [
        .. "href src alt title class dir start rel target tabindex role aria-label referrerpolicy loading".Split(' '),
        .. "display stretchy fence accent accentunder linethickness displaystyle scriptlevel width height mathvariant".Split(' '),
        .. "minsize maxsize".Split(' '),
        .. "movablelimits separator lspace rspace largeop symmetric".Split(' '),
    ];

    private static readonly string[] Classes =
    [
        .. "code lang scroll picture unloaded host hid tex boxed left right centre task h-c h-s h-n h-k h-a h-d display".Split(' '),
    ];

    private static readonly HtmlSanitizer Sanitizer = Build();

    /// <summary>
    /// Which servers' images are loaded depends on the project, so it is decided where an image is written, and by the policy of the page's
    /// headers.
    /// </summary>
    public static string Of(string html) => Sanitizer.Sanitize(html);

    private static HtmlSanitizer Build()
    {
        var sanitizer = new HtmlSanitizer(
            new HtmlSanitizerOptions
            {
                AllowedTags = Set(Tags),
                AllowedAttributes = Set(Attributes),
                AllowedClasses = Set(Classes),
                AllowedSchemes = Set(["http", "https", "mailto", "data"]),
                UriAttributes = Set(["href", "src"]),
                AllowedAtRules = new HashSet<AngleSharp.Css.Dom.CssRuleType>(),
                AllowedCssProperties = Set([]),
            }
        );
        sanitizer.FilterUrl += (_, found) =>
        {
            // A link never leads to a page of the answer's own making, and an image in the text is one of pixels.
            var isImage = found.Tag.NodeName.Equals("img", StringComparison.OrdinalIgnoreCase);
            var isData = found.OriginalUrl.TrimStart().StartsWith("data:", StringComparison.OrdinalIgnoreCase);
            if (isData && (!isImage || AnswerImages.Own.Address(found.OriginalUrl) is null))
            {
                found.SanitizedUrl = null;
            }
        };
        return sanitizer;
    }

    private static HashSet<string> Set(IEnumerable<string> names) => new(names, StringComparer.OrdinalIgnoreCase);
}
