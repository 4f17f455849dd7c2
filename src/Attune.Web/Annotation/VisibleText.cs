using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Attune.Web.Annotation;

/// <summary>A part of a text; invisible characters are shown as a mark with a name.</summary>
public readonly record struct TextPart(string Text, bool Hidden, string? Title);

/// <summary>
/// Makes invisible characters visible. With such characters, a model could hide words from annotators or reverse their order.
/// </summary>
public static class VisibleText
{
    public static ImmutableArray<TextPart> Of(string text)
    {
        var parts = ImmutableArray.CreateBuilder<TextPart>();
        var plain = new StringBuilder();
        var before = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsHidden(rune, before))
            {
                plain.Append(rune.ToString());
            }
            else
            {
                Flush(parts, plain);
                var code = "U+" + rune.Value.ToString("X4", CultureInfo.InvariantCulture);
                parts.Add(new TextPart(code, true, "Invisible character: " + code));
            }

            before = rune.Value;
        }

        Flush(parts, plain);
        return parts.ToImmutable();
    }

    // Joiners are legitimate in emoji and in several scripts.
    private static bool IsHidden(Rune rune, int before) =>
        rune.Value switch
        {
            '\n' or '\r' or '\t' => false,
            0x200C or 0x200D => before < 0x300,
            >= 0xFE00 and <= 0xFE0F => false,
            >= 0xE0000 and <= 0xE007F => before is < 0x1F000,
            0xFFFD => false,
            _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format && rune.Value != 0xAD,
        };

    private static void Flush(ImmutableArray<TextPart>.Builder parts, StringBuilder plain)
    {
        if (plain.Length > 0)
        {
            parts.Add(new TextPart(plain.ToString(), false, null));
        }
        plain.Clear();
    }
}
