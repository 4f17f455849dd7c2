using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Text.Files;

/// <summary>JSON files of a tokenizer: one clear message for each thing that can be wrong with them.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <exception cref="ModelFileException">No such file, not JSON, or not an object.</exception>
    public static JsonObject Read(string path)
    {
        try
        {
            return Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path}: cannot be read: {problem.Message}", problem);
        }
    }

    /// <param name="path">Of the file, for messages.</param>
    /// <exception cref="ModelFileException">Not JSON, or not an object.</exception>
    public static JsonObject Parse(byte[] bytes, string path)
    {
        try
        {
            var file =
                JsonNode.Parse(bytes, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject
                ?? throw new ModelFileException($"{path}: found JSON that is not an object; expected {{ ... }}.");
            return IsUnicode(bytes, file)
                ? file
                : throw new ModelFileException(
                    $"{path}: holds text that is not valid Unicode; the file may be damaged. Fetch or write it again."
                );
        }
        catch (JsonException problem)
        {
            // The reason may quote the rest of the file.
            var reason = problem.Message.Length > 200 ? problem.Message[..200] + "..." : problem.Message.TrimEnd('.');
            throw new ModelFileException(
                $"{path}: not valid JSON ({reason}); the file may be cut short. Fetch or write it again.",
                problem
            );
        }
    }

    /// <summary>
    /// Texts are only decoded when they are asked for, and would fail then: bytes that are no UTF-8, or halves of characters written out
    /// (\ud800).
    /// </summary>
    private static bool IsUnicode(byte[] bytes, JsonNode file)
    {
        if (!Utf8.IsValid(bytes))
        {
            return false;
        }
        if (bytes.AsSpan().IndexOf("\\ud"u8) < 0 && bytes.AsSpan().IndexOf("\\uD"u8) < 0)
        {
            return true;
        }
        try
        {
            Visit(file);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void Visit(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject dict:
                foreach (var (_, value) in dict)
                {
                    Visit(value);
                }

                break;
            case JsonArray list:
                foreach (var value in list)
                {
                    Visit(value);
                }

                break;
            case JsonValue value:
                value.TryGetValue<string>(out _);
                break;
        }
    }

    public static JsonObject? ReadIfThere(string path) => File.Exists(path) ? Read(path) : null;

    public static void Write(string path, JsonNode content) => AtomicFile.WriteText(path, content.ToJsonString(Readable) + "\n");

    /// <summary>What <see cref="Write"/> writes.</summary>
    public static byte[] Bytes(JsonNode content) => Encoding.UTF8.GetBytes(content.ToJsonString(Readable) + "\n");

    /// <summary>A special token as Hugging Face writes it: a string, an object with its content, or null.</summary>
    public static string? Token(JsonNode? node) =>
        node switch
        {
            JsonValue value when value.TryGetValue<string>(out var text) => text,
            JsonObject { } entry when entry["content"] is JsonValue content && content.TryGetValue<string>(out var text) => text,
            _ => null,
        };

    /// <summary>The "type" of a part of tokenizer.json; null where it has none.</summary>
    public static string? Type(JsonNode? part) => part is JsonObject ? Token(part["type"]) : null;

    public static bool? Flag(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    public static int? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<int>(out var number) ? number : null;

    /// <summary>A vocabulary: tokens and their ids.</summary>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="ModelFileException">An id is not a whole number.</exception>
    public static Dictionary<string, int> Ids(JsonObject vocabulary, string source)
    {
        var ids = new Dictionary<string, int>(vocabulary.Count, StringComparer.Ordinal);
        foreach (var (token, id) in vocabulary)
        {
            ids[token] =
                Number(id)
                ?? throw new ModelFileException(
                    $"{source}: token '{token}' has the id {id?.ToJsonString() ?? "null"}; expected a whole number."
                );
        }

        return ids;
    }
}
