using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Conversations;
using Attune.Data.Sources;
using Attune.Text.Templates;

namespace Attune.Data.Formats;

/// <summary>Prompts and answers in both of TRL's forms: plain text, and lists of messages.</summary>
public static class PromptField
{
    public const string Name = "prompt";

    /// <summary>The prompt: a conversation where the field holds a list, else a text.</summary>
    public static Prompt Read(RowFields row) =>
        row.IsConversation(Name) ? new Prompt.Chat(row.Messages(Name)) : new Prompt.Text(row.Text(Name));

    /// <summary>
    /// Reads an answer in the prompt's form. Of several messages the last is the answer, and the others belong to the prompt.
    /// </summary>
    public static (Prompt Prompt, string Answer) ReadAnswer(RowFields row, Prompt prompt, string field)
    {
        var (before, reply) = ReadReply(row, prompt, field);
        return (before, reply.Content);
    }

    /// <summary>The same with all that the reply's message holds.</summary>
    internal static (Prompt Prompt, Message Reply) ReadReply(RowFields row, Prompt prompt, string field)
    {
        if (prompt is not Prompt.Chat chat)
        {
            return (prompt, new Message(Role.Assistant, row.Text(field)));
        }
        if (!row.IsConversation(field))
        {
            row.Fail(field, $"found {ValueDescription.Of(row.Get(field))}, but the prompt is a conversation; expected a list of messages.");
            return (prompt, new Message(Role.Assistant, ""));
        }

        var messages = row.Messages(field);
        _ = Answer(row, messages[^1], field);
        return (new Prompt.Chat(chat.Messages.AddRange(messages[..^1])), messages[^1]);
    }

    /// <summary>The content of the message that ends a conversation; it must be the assistant's.</summary>
    public static string Answer(RowFields row, Message last, string field)
    {
        if (last.Role != Role.Assistant)
        {
            row.Fail(field, $"the last message is by {RoleNames.Of(last.Role)}; expected assistant, whose answer it is.");
        }
        return last.Content;
    }

    public static void Write(Utf8JsonWriter json, Prompt prompt)
    {
        if (prompt is Prompt.Chat chat)
        {
            WriteMessages(json, Name, chat.Messages);
            if (chat.Tools is { } tools)
            {
                json.WritePropertyName(ToolFields.Tools);
                json.WriteRawValue(tools);
            }
        }
        else
        {
            json.WriteText(Name, ((Prompt.Text)prompt).Value);
        }
    }

    public static void WriteAnswer(Utf8JsonWriter json, string field, Prompt prompt, string answer) =>
        WriteReply(json, field, prompt, new Message(Role.Assistant, answer));

    internal static void WriteReply(Utf8JsonWriter json, string field, Prompt prompt, Message reply)
    {
        if (prompt is Prompt.Chat)
        {
            WriteMessages(json, field, [reply]);
        }
        else
        {
            json.WriteText(field, reply.Content);
        }
    }

    private static void WriteFields(Utf8JsonWriter json, string fields)
    {
        using var document = JsonDocument.Parse(fields);
        foreach (var field in document.RootElement.EnumerateObject())
        {
            field.WriteTo(json);
        }
    }

    private static void WriteMessages(Utf8JsonWriter json, string field, ImmutableArray<Message> messages)
    {
        json.WriteStartArray(field);
        foreach (var message in messages)
        {
            json.WriteStartObject();
            json.WriteString("role", RoleNames.Of(message.Role));
            if (message.Fields is null)
            {
                json.WriteText("content", message.Content);
            }
            else
            {
                WriteFields(json, message.Fields);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
