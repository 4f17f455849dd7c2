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

    /// <summary>The whole text, for people to read.</summary>
    sealed string Render(ImmutableArray<Message> messages, TemplateEnding ending) =>
        string.Concat(Parts(messages, ending).Select(p => p.Text));
}
