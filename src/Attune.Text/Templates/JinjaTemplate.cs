using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Text.Templates.Jinja;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Templates;

/// <summary>The texts of a tokenizer's special tokens, as a template may name them.</summary>
/// <param name="All">Every one of them.</param>
/// <param name="Begin">What it calls bos_token.</param>
/// <param name="End">What it calls eos_token.</param>
public sealed record TemplateTokens(ImmutableArray<string> All, string? Begin, string? End, string? Pad = null, string? Unknown = null);

/// <summary>
/// A model's own <c>chat_template</c>: Jinja as the transformers library runs it (trim_blocks, lstrip_blocks, <c>raise_exception</c>,
/// <c>strftime_now</c>, <c>tojson</c>, <c>{% generation %}</c>), interpreted within bounds of time and memory. What people wrote never
/// becomes a special token.
/// </summary>
public sealed partial class JinjaTemplate : IChatTemplate
{
    private const int LongestSource = 1_000_000;
    private const string Probe = "attune probe";
    private const string ProbeTools = """
        [{"type": "function", "function": {"name": "probe", "description": "probe", "parameters": {"type": "object", "properties": {}}}}]
        """;
    private readonly ImmutableArray<JinjaStatement> _template;
    private readonly string _path;
    private readonly TemplateTokens _tokens;
    private readonly AddedTokenFinder _special;
    private readonly TimeProvider _time;

    // Some templates take only a list of parts, each with its type, for what a message says.
    private bool _takesParts;

    /// <param name="path">Where it came from, for messages.</param>
    /// <param name="time">Where <c>strftime_now</c> looks; null for the system's clock.</param>
    /// <exception cref="ModelFileException">It is no template, or does not end.</exception>
    public JinjaTemplate(string source, string path, TemplateTokens tokens, TimeProvider? time = null)
    {
        if (source.Length > LongestSource)
        {
            throw new ModelFileException(
                $"{path}: a chat template of {source.Length:N0} characters; expected at most {LongestSource:N0}. The file may be damaged."
            );
        }
        (Source, _path, _tokens, _time) = (source, path, tokens, time ?? TimeProvider.System);
        // The longest token at a place counts, so that none hides another.
        _special = new AddedTokenFinder(
            tokens.All.Where(t => t.Length > 0).Select(t => new AddedToken(0, t, true, false, false, false, false))
        );
        _template = Guarded(() => JinjaParser.Read(source));
        (AnswerPrefix, TurnEnd, Warnings) = Examine();
    }

    public string Name => "the model's own";
    public string Source { get; }
    public string AnswerPrefix { get; }
    public bool WritesBeginToken => true;

    /// <summary>The special token that ends the assistant's turn; null where there is none.</summary>
    public string? TurnEnd { get; }

    /// <summary>What does not fit together, a sentence each.</summary>
    public ImmutableArray<string> Warnings { get; }

    public ImmutableArray<TemplatePart> Parts(ImmutableArray<Message> messages, TemplateEnding ending)
    {
        var (text, mark) = RenderMarked(messages, ending);
        return [.. Cut(text, mark)];
    }

    /// <summary>The text for messages and tools in the form of the public chat interfaces, such as OpenAI's.</summary>
    /// <exception cref="DataException">The template refuses the conversation.</exception>
    public string Render(JsonArray messages, JsonArray? tools, TemplateEnding ending) =>
        Run(JinjaJson.Read(messages), JinjaJson.Read(tools), ending);

    private (string Text, char Mark) RenderMarked(ImmutableArray<Message> messages, TemplateEnding ending, object? tools = null)
    {
        var mark = Unused(messages.Select(m => m.Content));
        return (Run(Turns(messages, mark), tools, ending), mark);
    }

    private JinjaList Turns(IEnumerable<Message> messages, char mark) =>
        new([
            .. messages.Select(m =>
                m.Fields is null
                    ? (object?)JinjaDict.Of(("role", RoleNames.Of(m.Role)), ("content", Content(Escape(m.Content, mark))))
                    : Turn(m, mark)
            ),
        ]);

    private object Content(string text) => _takesParts ? new JinjaList([JinjaDict.Of(("type", "text"), ("text", text))]) : text;

    private string Run(object? messages, object? tools, TemplateEnding ending) =>
        Guarded(() =>
            JinjaInterpreter.Execute(
                _template,
                [
                    ("messages", messages),
                    ("tools", tools),
                    ("documents", null),
                    ("add_generation_prompt", ending == TemplateEnding.OpenForAnswer),
                    ("bos_token", Token(_tokens.Begin, "bos_token")),
                    ("eos_token", Token(_tokens.End, "eos_token")),
                    ("pad_token", Token(_tokens.Pad, "pad_token")),
                    ("unk_token", Token(_tokens.Unknown, "unk_token")),
                ],
                _time
            )
        );

    private static object Token(string? text, string name) => text ?? (object)new JinjaUndefined(name);

    private T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (JinjaException refusal) when (refusal.IsRefusal)
        {
            throw new DataException($"the chat template cannot say this conversation: {refusal.Message}");
        }
        catch (Exception problem) when (problem is not (AttuneException or OperationCanceledException))
        {
            // A comparison's own message is inside the one that sorting makes of it.
            var reason = (problem is InvalidOperationException ? problem.InnerException ?? problem : problem).Message;
            throw new ModelFileException($"{_path}: the chat template cannot be used: {reason.TrimEnd('.')}.", problem);
        }
    }

    private IEnumerable<TemplatePart> Cut(string text, char mark) =>
        _special
            .Cut(text)
            .Select(p => new TemplatePart(p.Text.Replace(mark.ToString(), "", StringComparison.Ordinal), p.Token is not null));

    /// <summary>A special token in a message gets a mark inside, which is taken out again when the parts are cut.</summary>
    private string Escape(string content, char mark) =>
        string.Concat(_special.Cut(content).Select(p => p.Token is null || p.Text.Length < 2 ? p.Text : p.Text[..1] + mark + p.Text[1..]));

    /// <summary>One of Unicode's noncharacters that no text holds.</summary>
    private static char Unused(IEnumerable<string> texts) =>
        Enumerable.Range(0xFDD0, 32).Select(c => (char)c).FirstOrDefault(c => texts.All(t => !t.Contains(c)), '\uFFFF');

    private (string Prefix, string? TurnEnd, ImmutableArray<string> Warnings) Examine()
    {
        string open,
            closed;
        try
        {
            (open, closed) = Rendered(tools: null);
        }
        catch (ModelFileException problem)
            when (problem.InnerException is not JinjaException { IsExhaustion: true } && RenderedOtherwise() is var (first, second))
        {
            (open, closed) = (first, second);
        }
        catch (DataException refusal)
        {
            return (
                "",
                null,
                [$"{_path}: a question and an answer alone are refused ({refusal.Message}), so the template could not be checked."]
            );
        }

        return Compare(open, closed);
    }

    /// <summary>A question, up to where the model goes on, and with an answer.</summary>
    private (string Open, string Closed) Rendered(object? tools)
    {
        ImmutableArray<Message> question = [new(Role.User, "question")];
        return (
            RenderMarked(question, TemplateEnding.OpenForAnswer, tools).Text,
            RenderMarked(question.Add(new(Role.Assistant, Probe)), TemplateEnding.Closed, tools).Text
        );
    }

    /// <summary>The same for templates that need messages in parts, or tools; null where that does not help.</summary>
    private (string Open, string Closed)? RenderedOtherwise()
    {
        var tools = JinjaJson.Read(JsonNode.Parse(ProbeTools));
        foreach (var (parts, given) in new[] { (true, null), (false, tools), (true, tools) })
        {
            try
            {
                _takesParts = parts;
                return Rendered(given);
            }
            catch (AttuneException)
            {
                _takesParts = false;
            }
        }

        return null;
    }

    /// <param name="open">A question, up to where the model goes on.</param>
    /// <param name="closed">The same question with <see cref="Probe"/> for an answer.</param>
    private (string Prefix, string? TurnEnd, ImmutableArray<string> Warnings) Compare(string open, string closed)
    {
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (_tokens.Begin is { Length: > 0 } begin && open.StartsWith(begin + begin, StringComparison.Ordinal))
        {
            warnings.Add($"{_path}: the template begins with {begin} twice; models were trained with one.");
        }
        var said = closed.IndexOf(Probe, StringComparison.Ordinal);
        if (said < 0)
        {
            return (
                "",
                null,
                warnings
                    .Append($"{_path}: the template does not write what the assistant says; it cannot be used for training.")
                    .ToImmutableArray()
            );
        }
        var after = Cut(closed[(said + Probe.Length)..], '\uFFFF').FirstOrDefault(p => p.IsSpecial || !string.IsNullOrWhiteSpace(p.Text));
        var turnEnd = after.IsSpecial ? after.Text : null;
        if (turnEnd is null)
        {
            warnings.Add(
                $"{_path}: the template ends the assistant's turn without a special token; {_tokens.End ?? "the end token"} is "
                    + "put after answers, but earlier turns have none."
            );
        }
        var prefix = said >= open.Length && closed.StartsWith(open, StringComparison.Ordinal) ? closed[open.Length..said] : null;
        if (prefix is null || _special.Cut(prefix).Any(p => p.Token is not null))
        {
            warnings.Add(
                $"{_path}: what the template writes before an answer differs from what it asks the model to go on from; answers "
                    + "are learned after the latter."
            );
        }
        return (prefix is null || _special.Cut(prefix).Any(p => p.Token is not null) ? "" : prefix, turnEnd, warnings.ToImmutable());
    }
}
