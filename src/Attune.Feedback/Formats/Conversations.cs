using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Data.Sources;
using Attune.Text.Templates;
using Speaker = Attune.Core.Conversations.Role;

namespace Attune.Feedback.Formats;

/// <summary>Converts texts and lists of messages to prompts and answers.</summary>
internal static class Conversations
{
    public const string LastTurn = "\n\nAssistant:";

    public static ImmutableArray<Message> Messages(JsonNode? node, string field)
    {
        if (node is not JsonArray list)
        {
            throw new RowException(field, $"found {ValueDescription.Of(node)}; expected a list of messages.");
        }
        return
        [
            .. list.Select(
                (m, i) =>
                {
                    var message =
                        m as JsonObject ?? throw new RowException($"{field}[{i}]", $"found {ValueDescription.Of(m)}; expected a message.");
                    if (message.Count != 2)
                    {
                        throw new RowException(
                            $"{field}[{i}]",
                            $"found the fields {string.Join(", ", message.Select(f => f.Key))}; expected role and content alone."
                        );
                    }
                    return new Message(Role(message.Text("role"), $"{field}[{i}].role"), message.Text("content"));
                }
            ),
        ];
    }

    public static Speaker Role(string name, string field) =>
        RoleNames.Find(name) ?? throw new RowException(field, $"found '{name}'; expected one of {string.Join(", ", RoleNames.All)}.");

    public static JsonArray ToJson(IEnumerable<Message> messages) =>
        [.. messages.Select(m => (JsonNode)new JsonObject { ["role"] = RoleNames.Of(m.Role), ["content"] = m.Content })];

    /// <summary>A text, or a list of messages.</summary>
    public static Prompt Prompt(JsonNode? node, string field) =>
        node is JsonArray ? new Prompt.Chat(Messages(node, field)) : new Prompt.Text(node.AsText(field));

    public static JsonNode ToJson(Prompt prompt) =>
        prompt is Prompt.Chat chat ? ToJson(chat.Messages) : JsonValue.Create(((Prompt.Text)prompt).Value);

    /// <summary>An answer in the prompt's form: a text, or one message of the assistant.</summary>
    public static string Answer(JsonNode? node, Prompt prompt, string field)
    {
        if (prompt is Prompt.Text)
        {
            return node.AsText(field);
        }
        return Messages(node, field) is [{ Role: Speaker.Assistant } only]
            ? only.Content
            : throw new RowException(field, "found several messages, or one not by the assistant; expected the assistant's answer alone.");
    }

    public static JsonNode AnswerToJson(string answer, Prompt prompt) =>
        prompt is Prompt.Chat ? ToJson([new Message(Speaker.Assistant, answer)]) : JsonValue.Create(answer);

    /// <summary>A prompt as one text, for formats without messages.</summary>
    public static string Transcript(Prompt prompt) =>
        prompt is Prompt.Text text
            ? text.Value
            : string.Concat(
                ((Prompt.Chat)prompt).Messages.Select(m =>
                    m.Role == Speaker.Assistant ? $"{LastTurn} {m.Content}"
                    : m.Role == Speaker.User ? $"\n\nHuman: {m.Content}"
                    : m.Content + "\n"
                )
            ) + LastTurn;
}
