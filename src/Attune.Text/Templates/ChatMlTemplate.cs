using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Text.Templates;

/// <summary>ChatML (OpenAI 2023), as Qwen and many others use it; without a system message of its own.</summary>
internal sealed class ChatMlTemplate : IChatTemplate
{
    private static readonly TemplatePart Start = new("<|im_start|>", IsSpecial: true);
    private static readonly TemplatePart End = new("<|im_end|>", IsSpecial: true);

    public string Name => "chatml";
    public string AnswerPrefix => "";

    public ImmutableArray<TemplatePart> Parts(ImmutableArray<Message> messages, TemplateEnding ending)
    {
        var parts = ImmutableArray.CreateBuilder<TemplatePart>();
        foreach (var (role, content) in messages)
        {
            parts.AddRange(Start, new TemplatePart($"{RoleNames.Of(role)}\n{content}", false), End, new TemplatePart("\n", false));
        }

        if (ending == TemplateEnding.OpenForAnswer)
        {
            parts.AddRange(Start, new TemplatePart("assistant\n", false));
        }
        return parts.ToImmutable();
    }
}
