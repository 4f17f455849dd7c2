using System.Text.Encodings.Web;
using System.Text.Json;

namespace Attune.Cli.Commands;

/// <summary>How commands print JSON: one line a value, legible text.</summary>
internal static class Output
{
    public static JsonSerializerOptions Json { get; } =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
