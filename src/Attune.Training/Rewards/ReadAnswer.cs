using System.Text.Encodings.Web;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Text.Templates;

namespace Attune.Training.Rewards;

/// <summary>A rollout as text, for rewards that read texts and columns.</summary>
/// <param name="Prompt">As the policy was asked: a conversation, or a text.</param>
/// <param name="Answer">Without the end token.</param>
/// <param name="Ended">Whether it ended by itself instead of being cut.</param>
/// <param name="Columns">The other columns of the prompt's row.</param>
internal sealed record ReadAnswer(Prompt Prompt, string Answer, bool Ended, IReadOnlyDictionary<string, JsonElement> Columns)
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="encoder">The policy's.</param>
    public static ReadAnswer Of(Rollout rollout, Encoder encoder)
    {
        var tokens = rollout.Sequence;
        var prompt = encoder.ConversationOf(tokens.Prompt) ?? new Prompt.Text(encoder.Tokenizer.Decode(tokens.Prompt));
        var hasEnd = rollout.Stop == StopReason.EndToken && tokens.AnswerLength > 0 && tokens.Tokens[^1] == encoder.Tokenizer.EndToken;
        var answer = encoder.DecodeAnswer(prompt, hasEnd ? tokens.Answer[..^1] : tokens.Answer);
        return new ReadAnswer(prompt, answer, rollout.Stop != StopReason.Length, rollout.Columns);
    }

    /// <summary>
    /// One line of JSON: <c>{"prompt": text or messages, "answer": text, "ended": true or false, "columns": {...}}</c>.
    /// </summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            WritePrompt(json);
            json.WriteString("answer", Answer);
            json.WriteBoolean("ended", Ended);
            json.WriteStartObject("columns");
            foreach (var (name, value) in Columns)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private void WritePrompt(Utf8JsonWriter json)
    {
        if (Prompt is not Prompt.Chat chat)
        {
            json.WriteString("prompt", Prompt.Key);
            return;
        }

        json.WriteStartArray("prompt");
        foreach (var (role, content) in chat.Messages)
        {
            json.WriteStartObject();
            json.WriteString("role", RoleNames.Of(role));
            json.WriteString("content", content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
