using System.Text.Encodings.Web;
using System.Text.Json;

namespace Attune.Web.Completions;

internal static class CompletionJson
{
    /// <summary>Nulls are written, because clients expect all fields.</summary>
    public static JsonSerializerOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
