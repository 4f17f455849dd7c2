using System.Globalization;
using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>How tables of texts spell values that are not texts.</summary>
internal static class TextCell
{
    /// <summary>A list or an object, in JSON or as Python prints it; null where the text is neither.</summary>
    public static JsonElement? TryValue(string text)
    {
        if (text.AsSpan().TrimStart() is not (['[' or '{', ..] or ['a', 'r', 'r', 'a', 'y', '(', ..]))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return PythonLiteral.TryRead(text);
        }
    }

    /// <summary>Whether the text holds a list of messages.</summary>
    public static bool IsConversation(string text) =>
        TryValue(text) is { ValueKind: JsonValueKind.Array } list
        && list.GetArrayLength() > 0
        && list.EnumerateArray()
            .All(m =>
                m.ValueKind == JsonValueKind.Object
                && (m.TryGetProperty("role", out _) || (m.TryGetProperty("from", out _) && m.TryGetProperty("value", out _)))
            );

    /// <summary>A number with a decimal point, or with the decimal comma of many spreadsheets.</summary>
    public static double? TryNumber(string text)
    {
        var spelt = text.Contains('.', StringComparison.Ordinal) ? text : text.Replace(',', '.');
        return double.TryParse(spelt, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : null;
    }

    /// <summary>A whole number; pandas writes those of columns with gaps as 3.0.</summary>
    public static int? TryWholeNumber(string text) =>
        TryNumber(text) is { } number && number == Math.Truncate(number) && Math.Abs(number) <= int.MaxValue ? (int)number : null;

    public static bool? TryFlag(string text) =>
        text.Trim().ToLowerInvariant() switch
        {
            "true" or "1" or "1.0" or "yes" => true,
            "false" or "0" or "0.0" or "no" => false,
            _ => null,
        };
}
