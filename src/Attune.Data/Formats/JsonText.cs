using System.Text;
using System.Text.Json;

namespace Attune.Data.Formats;

/// <summary>Writes texts into JSON unchanged: the writer alone would silently replace half characters by U+FFFD.</summary>
internal static class JsonText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The text holds half a character.</exception>
    public static void WriteText(this Utf8JsonWriter json, string field, string text)
    {
        Strict.GetByteCount(text);
        json.WriteString(field, text);
    }

    /// <exception cref="ArgumentException">The text holds half a character.</exception>
    public static void WriteText(this Utf8JsonWriter json, string text)
    {
        Strict.GetByteCount(text);
        json.WriteStringValue(text);
    }
}
