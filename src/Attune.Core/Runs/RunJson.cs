using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Attune.Core.Runs;

/// <summary>
/// JSON of the run folder: snake_case names, and null where a number is not finite, as JSON knows neither NaN nor infinity.
/// </summary>
// Metadata only: the options below, not the attribute's, must decide names and converters.
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(RunEvent))]
[JsonSerializable(typeof(SampleEvent))]
[JsonSerializable(typeof(RunResult))]
internal sealed partial class RunJson : JsonSerializerContext
{
    /// <summary>One line a value.</summary>
    public static RunJson Lines { get; } = new(Readable(indented: false));

    /// <summary>For files that people read.</summary>
    public static RunJson Indented { get; } = new(Readable(indented: true));

    // Answers are full of quotes and accents: keep them legible. The report encodes for HTML itself.
    private static JsonSerializerOptions Readable(bool indented) =>
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new FiniteNumberConverter() },
            WriteIndented = indented,
        };
}

/// <summary>NaN and infinities are written as null; null is read as NaN.</summary>
internal sealed class FiniteNumberConverter : JsonConverter<double>
{
    public override bool HandleNull => true;

    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
