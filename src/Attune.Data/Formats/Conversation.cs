using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Data.Formats;

/// <summary>Prompts and answers out of whole conversations.</summary>
internal static class Conversation
{
    public static Prompt.Chat Question(string text) => new([new Message(Role.User, text)]);

    /// <summary>
    /// The last reply, and everything before it. A conversation that does not end with the assistant's reply is left out.
    /// </summary>
    public static (Prompt Prompt, string Answer) Split(RowFields row, ImmutableArray<Message> messages)
    {
        if (messages[^1].Role != Role.Assistant)
        {
            row.Drop("the conversation does not end with the assistant's reply");
        }
        else if (messages.Length < 2)
        {
            row.Drop("the conversation has a reply without anything before it");
        }

        return (new Prompt.Chat(messages[..^1]), messages[^1].Content);
    }

    /// <summary>A reply to learn, after its prompt with the row's tools.</summary>
    public static Demonstration Demonstration(RowFields row, Prompt prompt, Message reply) =>
        new(prompt is Prompt.Chat chat ? chat with { Tools = ToolFields.Read(row) } : prompt, reply.Content)
        {
            Reply = reply.Fields is null ? null : reply,
        };

    /// <summary>The turns before the last reply, or all where nobody has replied.</summary>
    public static Prompt Open(RowFields row, ImmutableArray<Message> messages) =>
        messages[^1].Role == Role.Assistant ? Split(row, messages).Prompt : new Prompt.Chat(messages);

    /// <summary>
    /// An answer to a conversation: a text, or messages of which the last is the answer and the others belong to the prompt.
    /// </summary>
    public static (Prompt.Chat Prompt, string Answer) Reply(RowFields row, Prompt.Chat prompt, string field)
    {
        if (!row.IsConversation(field))
        {
            return (prompt, row.Text(field));
        }

        var messages = row.Messages(field);
        return (new Prompt.Chat(prompt.Messages.AddRange(messages[..^1])), PromptField.Answer(row, messages[^1], field));
    }
}
