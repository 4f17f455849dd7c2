using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Text.Templates;

/// <summary>Llama 3 (Meta 2024): a header for each turn, contents trimmed.</summary>
internal sealed class Llama3Template : IChatTemplate
{
    private static readonly TemplatePart Open = new("<|start_header_id|>", IsSpecial: true);
    private static readonly TemplatePart Close = new("<|end_header_id|>", IsSpecial: true);
    private static readonly TemplatePart End = new("<|eot_id|>", IsSpecial: true);

    public string Name => "llama3";
    public string AnswerPrefix => "";

    public ImmutableArray<TemplatePart> Parts(ImmutableArray<Message> messages, TemplateEnding ending)
    {
        var parts = ImmutableArray.CreateBuilder<TemplatePart>();
        foreach (var (role, content) in messages)
        {
            // What tools answer was taught under this name.
            var name = role == Role.Tool ? "ipython" : RoleNames.Of(role);
            parts.AddRange(Open, new TemplatePart(name, false), Close, new TemplatePart("\n\n" + content.Trim(), false), End);
        }

        if (ending == TemplateEnding.OpenForAnswer)
        {
            parts.AddRange(Open, new TemplatePart("assistant", false), Close, new TemplatePart("\n\n", false));
        }
        return parts.ToImmutable();
    }
}
