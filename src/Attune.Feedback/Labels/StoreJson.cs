using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Attune.Core.Conversations;
using Attune.Text.Templates;

namespace Attune.Feedback.Labels;

/// <summary>
/// JSON for contents and judgements: snake_case names, enums as words, no nulls, accents and emoji unescaped. Free
/// text is stored inside JSON, which can hold every character; PostgreSQL's text cannot hold U+0000.
/// </summary>
public static class StoreJson
{
    /// <summary>Also for APIs, which read what annotation pages send.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    internal static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    internal static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("null");

    internal static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    internal static JsonObject? ReadObject(string? json) => json is null ? null : JsonNode.Parse(json)!.AsObject();

    private static JsonSerializerOptions Make() =>
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            AllowOutOfOrderMetadataProperties = true,
            MaxDepth = 128,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new PromptConverter(), new StrictTextConverter() },
        };

    /// <summary>A prompt is a text, or a list of messages.</summary>
    private sealed class PromptConverter : JsonConverter<Prompt>
    {
        public override Prompt Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                return new Prompt.Text(reader.GetString()!);
            }
            var rows = JsonSerializer.Deserialize<MessageRow[]>(ref reader, options) ?? [];
            return new Prompt.Chat([
                .. rows.Select(r => new Message(RoleNames.Find(r.Role) ?? throw new JsonException($"'{r.Role}' is not a role"), r.Content)),
            ]);
        }

        public override void Write(Utf8JsonWriter writer, Prompt value, JsonSerializerOptions options)
        {
            if (value is Prompt.Chat chat)
            {
                JsonSerializer.Serialize(writer, chat.Messages.Select(m => new MessageRow(RoleNames.Of(m.Role), m.Content)), options);
            }
            else
            {
                JsonSerializer.Serialize(writer, ((Prompt.Text)value).Value, options);
            }
        }

        private sealed record MessageRow(string Role, string Content);
    }

    /// <summary>Refuses half characters (lone surrogates), which would otherwise be silently written as U+FFFD.</summary>
    private sealed class StrictTextConverter : JsonConverter<string>
    {
        private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            try
            {
                return reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw new JsonException("half a character, a \\ud800 to \\udfff escape without its partner");
            }
        }

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetString()!;

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value);

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
        {
            try
            {
                Strict.GetByteCount(value);
            }
            catch (EncoderFallbackException)
            {
                throw new Core.DataException("a text holds half a character (a lone surrogate); expected whole characters.");
            }

            writer.WriteStringValue(value);
        }
    }
}
