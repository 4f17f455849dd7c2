using System.Net;

namespace Attune.Web.Rendering.Tex;

/// <summary>A formula in LaTeX as MathML, which browsers draw without scripts, styles or fonts of ours.</summary>
public static class MathMarkup
{
    /// <param name="display">Whether it stands on a line of its own.</param>
    /// <returns>Where something in it is not known, its source as code, with the reason: never a formula that says another thing.</returns>
    public static string Of(string source, bool display)
    {
        try
        {
            var inner = new TexParser(source, display).Formula();
            return $"<math{(display ? " display=\"block\"" : "")}>{inner}</math>";
        }
        catch (TexException problem)
        {
            var title = WebUtility.HtmlEncode($"Shown as its source: {problem.Message}");
            return $"<code class=\"tex\" dir=\"ltr\" title=\"{title}\">{WebUtility.HtmlEncode(source.Trim())}</code>";
        }
    }
}

/// <summary>Something in a formula that is not known or not complete.</summary>
internal sealed class TexException(string problem) : Exception(problem);
