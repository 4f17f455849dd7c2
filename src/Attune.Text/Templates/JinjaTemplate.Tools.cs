using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Text.Templates.Jinja;

namespace Attune.Text.Templates;

/// <summary>Conversations with tools: their descriptions, the assistant's calls, and what came back.</summary>
public sealed partial class JinjaTemplate
{
    private bool? _saysTools;

    /// <summary>Tried once with a tool of our own. A template that refuses the trial may say others, and counts as one that does.</summary>
    public bool SaysTools => _saysTools ??= TriesTools();

    public ImmutableArray<TemplatePart> Parts(Prompt.Chat conversation, TemplateEnding ending)
    {
        var mark = Mark(conversation, null);
        var text = Rendered(conversation.Messages, conversation.Tools, ending, mark);
        RequireNames(conversation.Messages, text, mark);
        return [.. Cut(text, mark)];
    }

    public ImmutableArray<TemplatePart> Reply(Prompt.Chat conversation, Message reply)
    {
        var mark = Mark(conversation, reply);
        var open = Rendered(conversation.Messages, conversation.Tools, TemplateEnding.OpenForAnswer, mark);
        var closed = Rendered(conversation.Messages.Add(reply), conversation.Tools, TemplateEnding.Closed, mark);
        if (!closed.StartsWith(open, StringComparison.Ordinal))
        {
            throw new DataException(
                "the chat template writes other words before a call of tools than those it asks the model to go on from"
            );
        }

        var said = closed[open.Length..];
        RequireNames([reply], said, mark);
        return UpToTurnEnd([.. Cut(said, mark)]);
    }

    /// <summary>White space after the token that ends the turn belongs to the next one.</summary>
    private static ImmutableArray<TemplatePart> UpToTurnEnd(ImmutableArray<TemplatePart> parts)
    {
        var last = parts.Length;
        while (last > 0 && !parts[last - 1].IsSpecial && string.IsNullOrWhiteSpace(parts[last - 1].Text))
        {
            last--;
        }

        return last > 0 && parts[last - 1].IsSpecial ? parts[..last] : parts;
    }

    private bool TriesTools()
    {
        try
        {
            return RenderedWith(ProbeTools).Contains("probe", StringComparison.Ordinal)
                && !RenderedWith(null).Contains("\"probe\"", StringComparison.Ordinal);
        }
        catch (AttuneException)
        {
            return true;
        }

        string RenderedWith(string? tools) => Rendered([new Message(Role.User, "question")], tools, TemplateEnding.OpenForAnswer, '\uFFFF');
    }

    /// <summary>A call that the template passes over would be lost without a word.</summary>
    private void RequireNames(IEnumerable<Message> messages, string text, char mark)
    {
        if (messages.SelectMany(Names).Any(name => !text.Contains(Escape(name, mark), StringComparison.Ordinal)))
        {
            throw new DataException(ChatTemplates.WithoutTools(Name));
        }
    }

    private string Rendered(ImmutableArray<Message> messages, string? tools, TemplateEnding ending, char mark)
    {
        try
        {
            return Run(Turns(messages, mark), tools is null ? null : JinjaJson.Read(Escaped(JsonNode.Parse(tools), mark)), ending);
        }
        catch (ModelFileException problem)
            when (messages.Any(m => m.Fields is not null) && problem.InnerException is JinjaException { IsExhaustion: false } reason)
        {
            throw new DataException($"the chat template cannot write this conversation with tools: {reason.Message}");
        }
    }

    private JinjaDict Turn(Message message, char mark)
    {
        var fields = JsonNode.Parse(message.Fields!)!.AsObject();
        var values = fields.Select(f =>
            (
                f.Key,
                f.Key == "content" && f.Value is JsonValue text
                    ? Content(Escape(text.GetValue<string>(), mark))
                    : JinjaJson.Read(Escaped(f.Value, mark))
            )
        );
        return JinjaDict.Of([("role", (object?)RoleNames.Of(message.Role)), .. values]);
    }

    /// <summary>What stands in JSON is what people wrote too, and never becomes a special token.</summary>
    private JsonNode? Escaped(JsonNode? node, char mark) =>
        node switch
        {
            JsonArray list => new JsonArray([.. list.Select(item => Escaped(item, mark))]),
            JsonObject dict => new JsonObject(dict.Select(p => KeyValuePair.Create(Escape(p.Key, mark), Escaped(p.Value, mark)))),
            JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Escape(text, mark)),
            _ => node?.DeepClone(),
        };

    private static char Mark(Prompt.Chat conversation, Message? reply) =>
        Unused(
            conversation
                .Messages.Append(reply ?? new Message(Role.User, ""))
                .SelectMany(m => new[] { m.Content, m.Fields ?? "" })
                .Append(conversation.Tools ?? "")
        );

    /// <summary>Of the functions that a message calls.</summary>
    private static IEnumerable<string> Names(Message message) =>
        from call in JsonNode.Parse(message.Fields ?? "{}")!["tool_calls"]?.AsArray() ?? []
        let name = (call!["function"] ?? call)["name"]
        where name is not null
        select name.GetValue<string>();
}
