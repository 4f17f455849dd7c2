using System.Text.Encodings.Web;
using System.Text.Json;

namespace Attune.Cli.Commands;

/// <summary>How commands print JSON: one line a value, with text unescaped.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The same for nodes, whose names are given.</summary>
    public static JsonSerializerOptions Nodes { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Line<T>(T value) => JsonSerializer.Serialize(value, Options);
}
