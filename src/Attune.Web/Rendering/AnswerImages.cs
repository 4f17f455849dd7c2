using System.Buffers.Text;

namespace Attune.Web.Rendering;

/// <summary>
/// Where images of an answer may come from: the answer itself (data: addresses), files uploaded with the project's items, and other
/// servers only where the owner allows it. A picture fetched from elsewhere would tell a stranger who reads what, and when.
/// </summary>
/// <param name="Folder">The address of the project's files, without a slash at the end.</param>
/// <param name="Remote">Whether images of other servers are loaded.</param>
public sealed record AnswerImages(string Folder, bool Remote)
{
    /// <summary>Only images that the text itself contains.</summary>
    public static readonly AnswerImages Own = new("", false);

    /// <summary>The address to load; null where the image is not loaded.</summary>
    public string? Address(string source) =>
        IsData(source) ? source
        : IsRemote(source) ? (Remote ? source : null)
        : Folder.Length > 0 && ImageFile.IsName(source) ? $"{Folder}/{Uri.EscapeDataString(source)}"
        : null;

    internal static bool IsRemote(string source) =>
        source.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
        || source.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    /// <summary>A picture of pixels whose first bytes are those of its type: no SVG, which is a document, and no HTML.</summary>
    private static bool IsData(string source)
    {
        var comma = source.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !source.StartsWith("data:image/", StringComparison.Ordinal) || !source.AsSpan(0, comma).EndsWith(";base64"))
        {
            return false;
        }
        var type = source[5..(comma - ";base64".Length)];
        var content = source.AsSpan(comma + 1);
        if (!Base64.IsValid(content))
        {
            return false;
        }
        Span<byte> start = stackalloc byte[24];
        return Convert.TryFromBase64Chars(content[..Math.Min(32, content.Length / 4 * 4)], start, out var written)
            && ImageFile.TypeOf(start[..written]) == type;
    }
}
