using System.Text.Encodings.Web;
using System.Text.Json;

namespace Attune.Web.Completions;

internal static class CompletionJson
{
    /// <summary>Nulls are written: clients expect the fields to be there.</summary>
    public static JsonSerializerOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
