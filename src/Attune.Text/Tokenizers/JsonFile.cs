using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Text.Tokenizers;

/// <summary>JSON files of a tokenizer: one clear message for whatever is wrong with them.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="ModelFileException">No such file, not JSON, or not an object.</exception>
    public static JsonObject Read(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw new ModelFileException($"{path}: found JSON that is not an object; expected {{ ... }}.");
        }
        catch (JsonException problem)
        {
            throw new ModelFileException($"{path}: not valid JSON ({problem.Message.TrimEnd('.')}); the file may be cut short. Fetch or write it again.", problem);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: cannot be read: {problem.Message}", problem);
        }
    }

    public static JsonObject? ReadIfThere(string path) => File.Exists(path) ? Read(path) : null;

    public static void Write(string path, JsonNode content) => AtomicFile.WriteText(path, content.ToJsonString(Readable) + "\n");

    /// <summary>A special token as Hugging Face writes it: a string, an object with its content, or null.</summary>
    public static string? Token(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        JsonObject { } entry when entry["content"] is JsonValue content && content.TryGetValue<string>(out var text) => text,
        _ => null,
    };

    /// <summary>The "type" of a part of tokenizer.json; null where it has none.</summary>
    public static string? Type(JsonNode? part) => part is JsonObject ? Token(part["type"]) : null;

    public static bool? Flag(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static int? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;
}
