using System.Net;
using System.Text;

namespace Attune.Web.Rendering.Tex;

/// <summary>Letters of a style. MathML Core has no styles of its own: each letter of a style is a character of Unicode.</summary>
/// <param name="Upper">Code point of the style's A; 0 for upright letters.</param>
/// <param name="Lower">Of its a.</param>
/// <param name="Digit">Of its 0; 0 where it has none.</param>
/// <param name="Exceptions">Letters that Unicode had before the rest of the style.</param>
internal sealed record MathAlphabet(int Upper, int Lower, int Digit, string Exceptions)
{
    private static readonly MathAlphabet Upright = new(0, 0, 0, "");
    private static readonly MathAlphabet Bold = new(0x1D400, 0x1D41A, 0x1D7CE, "");
    private static readonly MathAlphabet Struck = new(0x1D538, 0x1D552, 0x1D7D8, "CℂHℍNℕPℙQℚRℝZℤ");
    private static readonly MathAlphabet Script = new(0x1D49C, 0x1D4B6, 0, "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ");
    private static readonly MathAlphabet Fraktur = new(0x1D504, 0x1D51E, 0, "CℭHℌIℑRℜZℨ");
    private static readonly MathAlphabet Sans = new(0x1D5A0, 0x1D5BA, 0x1D7E2, "");
    private static readonly MathAlphabet Mono = new(0x1D670, 0x1D68A, 0x1D7F6, "");

    public static MathAlphabet? Find(string command) =>
        command switch
        {
            "mathrm" or "mathit" or "mathnormal" or "rm" => Upright,
            "mathbf" or "boldsymbol" or "bm" or "bf" or "pmb" => Bold,
            "mathbb" or "Bbb" => Struck,
            "mathcal" or "mathscr" or "cal" => Script,
            "mathfrak" or "frak" => Fraktur,
            "mathsf" => Sans,
            "mathtt" => Mono,
            _ => null,
        };

    public string Markup(string letters)
    {
        if (Upper == 0)
        {
            return $"<mi mathvariant=\"normal\">{WebUtility.HtmlEncode(letters)}</mi>";
        }
        var styled = new StringBuilder();
        foreach (var letter in letters)
        {
            styled.Append(Of(letter));
        }
        return letters.All(char.IsAsciiDigit) ? $"<mn>{styled}</mn>" : $"<mi mathvariant=\"normal\">{styled}</mi>";
    }

    /// <summary>A symbol such as \theta, which only bold has in a form of its own; the plain one elsewhere.</summary>
    public string? Symbol(string command)
    {
        if (TexSymbols.Find(command) is not { } symbol)
        {
            return null;
        }
        var (open, close) = (symbol.Xml.IndexOf('>', StringComparison.Ordinal) + 1, symbol.Xml.LastIndexOf('<'));
        var letter = symbol.Xml[open..close];
        var bold =
            letter is [>= 'α' and <= 'ω'] ? 0x1D6C2 + letter[0] - 'α'
            : letter is [>= 'Α' and <= 'Ω'] ? 0x1D6A8 + letter[0] - 'Α'
            : 0;
        return this == Bold && bold > 0 ? $"<mi mathvariant=\"normal\">{char.ConvertFromUtf32(bold)}</mi>" : symbol.Xml;
    }

    private string Of(char letter)
    {
        var exception = Exceptions.IndexOf(letter, StringComparison.Ordinal);
        return exception >= 0 ? Exceptions[exception + 1].ToString()
            : char.IsAsciiLetterUpper(letter) ? char.ConvertFromUtf32(Upper + letter - 'A')
            : char.IsAsciiLetterLower(letter) ? char.ConvertFromUtf32(Lower + letter - 'a')
            : char.IsAsciiDigit(letter) && Digit > 0 ? char.ConvertFromUtf32(Digit + letter - '0')
            : WebUtility.HtmlEncode(letter.ToString());
    }
}
