using System.Text;

namespace Attune.Text.Tokenizers;

/// <summary>Text that UTF-8 can hold.</summary>
internal static class ValidUnicode
{
    /// <summary>The text itself; half characters (lone surrogates), which no encoded text holds, become U+FFFD.</summary>
    public static string Of(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            }
            i++;
        }

        return text;
    }
}
