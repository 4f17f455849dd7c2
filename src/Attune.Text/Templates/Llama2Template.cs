using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;

namespace Attune.Text.Templates;

/// <summary>
/// Llama 2 chat (Touvron et al. 2023): the system message inside the first user turn; each question and answer is a text of its own,
/// between begin and end tokens.
/// </summary>
internal sealed class Llama2Template : IChatTemplate
{
    public string Name => "llama2";
    public string AnswerPrefix => " ";

    public ImmutableArray<TemplatePart> Parts(ImmutableArray<Message> messages, TemplateEnding ending)
    {
        var system = messages is [{ Role: Role.System }, ..] ? $"<<SYS>>\n{messages[0].Content}\n<</SYS>>\n\n" : "";
        var turns = system.Length > 0 ? messages[1..] : messages;
        Check(turns, ending);
        var parts = ImmutableArray.CreateBuilder<TemplatePart>();
        for (var i = 0; i < turns.Length; i++)
        {
            var content = turns[i].Content.Trim();
            if (turns[i].Role == Role.Assistant)
            {
                parts.AddRange(new TemplatePart($" {content} ", false), new TemplatePart("</s>", IsSpecial: true));
            }
            else if (i > 0)
            {
                parts.AddRange(new TemplatePart("<s>", IsSpecial: true), new TemplatePart($"[INST] {content} [/INST]", false));
            }
            else
            {
                parts.Add(new TemplatePart($"[INST] {system}{content} [/INST]", false));
            }
        }

        return parts.ToImmutable();
    }

    private static void Check(ImmutableArray<Message> turns, TemplateEnding ending)
    {
        for (var i = 0; i < turns.Length; i++)
        {
            var expected = i % 2 == 0 ? Role.User : Role.Assistant;
            if (turns[i].Role != expected)
            {
                throw new DataException(
                    $"the llama2 template cannot say this conversation: turn {i + 1} after the system message, if any, is by "
                        + $"{RoleNames.Of(turns[i].Role)}; expected {RoleNames.Of(expected)}."
                );
            }
        }

        if (turns.IsEmpty || (ending == TemplateEnding.OpenForAnswer && turns.Length % 2 == 0))
        {
            throw new DataException("the llama2 template can only be answered after a user turn; this conversation does not end with one.");
        }
    }
}
