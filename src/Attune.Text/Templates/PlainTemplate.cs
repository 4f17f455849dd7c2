using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;

namespace Attune.Text.Templates;

/// <summary>"Human:" and "Assistant:" in plain text (Bai et al. 2022, the form of hh-rlhf): needs no special tokens.</summary>
internal sealed class PlainTemplate : IChatTemplate
{
    public string Name => "plain";
    public string AnswerPrefix => " ";

    public ImmutableArray<TemplatePart> Parts(ImmutableArray<Message> messages, TemplateEnding ending)
    {
        var text = string.Concat(
            messages.Select(m =>
                m.Role switch
                {
                    Role.System => m.Content,
                    Role.User => "\n\nHuman: " + m.Content,
                    Role.Assistant => "\n\nAssistant: " + m.Content,
                    _ => throw new DataException(
                        $"the plain template cannot say a turn by {RoleNames.Of(m.Role)}; expected system, user and assistant only."
                    ),
                }
            )
        );
        return [new TemplatePart(ending == TemplateEnding.OpenForAnswer ? text + "\n\nAssistant:" : text, false)];
    }
}
