using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Text.Templates;

/// <summary>How a conversation ends up as text.</summary>
public enum TemplateEnding
{
    /// <summary>After the last message: a text to learn from.</summary>
    Closed,

    /// <summary>Where the assistant begins to speak: a prompt to answer.</summary>
    OpenForAnswer,
}

/// <summary>A stretch of a rendered conversation.</summary>
/// <param name="Text">Plain text, or the text of a special token.</param>
/// <param name="IsSpecial">A marker of the template. What users write is never one, even where it looks like it.</param>
public readonly record struct TemplatePart(string Text, bool IsSpecial);

/// <summary>
/// The form in which a model was taught conversations. No built-in template begins with a begin token, and none ends the answer: the
/// encoder puts both there, once. So a chat model's tokenizer names as its end token the one that ends a turn.
/// </summary>
public interface IChatTemplate
{
    string Name { get; }

    /// <summary>Stands between a prompt and the answer's own text, such as the space after "Assistant:"; often empty.</summary>
    string AnswerPrefix { get; }

    /// <summary>True for a model's own template, which says itself whether a conversation begins with a begin token.</summary>
    bool WritesBeginToken => false;

    /// <exception cref="Core.DataException">The template cannot say this: a role it does not know, or an order it was not
    /// taught.</exception>
    ImmutableArray<TemplatePart> Parts(ImmutableArray<Message> messages, TemplateEnding ending);

    /// <summary>The same for a conversation that may have tools.</summary>
    /// <exception cref="Core.DataException">As above, or the template has no words for tools.</exception>
    ImmutableArray<TemplatePart> Parts(Prompt.Chat conversation, TemplateEnding ending) =>
        conversation.Tools is null && conversation.Messages.All(m => m.Fields is null)
            ? Parts(conversation.Messages, ending)
            : throw new Core.DataException(ChatTemplates.WithoutTools(Name));

    /// <summary>Whether it writes the tools that it is given; the built-in ones do not.</summary>
    bool SaysTools => false;

    /// <summary>What the assistant writes for a reply that calls tools, up to the end of its turn.</summary>
    /// <exception cref="Core.DataException">The template has no words for it, or other ones than those it asks the model to go on
    /// from.</exception>
    ImmutableArray<TemplatePart> Reply(Prompt.Chat conversation, Message reply) =>
        throw new Core.DataException(ChatTemplates.WithoutTools(Name));

    /// <summary>The whole text, for people to read.</summary>
    sealed string Render(ImmutableArray<Message> messages, TemplateEnding ending) =>
        string.Concat(Parts(messages, ending).Select(p => p.Text));
}
