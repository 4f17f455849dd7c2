using System.Globalization;
using System.Text.Json;

namespace Attune.Models.Files.Fields;

/// <summary>
/// Real numbers as transformers wants them in a <c>config.json</c>: with a point, or it takes them for whole ones and refuses.
/// </summary>
internal static class JsonReals
{
    internal static void WriteReal(this Utf8JsonWriter json, string name, double value)
    {
        json.WritePropertyName(name);
        json.WriteReal(value);
    }

    internal static void WriteReal(this Utf8JsonWriter json, double value) =>
        json.WriteRawValue(
            double.IsInteger(value) && Math.Abs(value) < 1e15
                ? value.ToString("F1", CultureInfo.InvariantCulture)
                : value.ToString("R", CultureInfo.InvariantCulture)
        );
}
