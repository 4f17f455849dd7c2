using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core.Conversations;
using Attune.Core.Tokens;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Data.Encoding;

/// <summary>
/// Prompts and answers as tokens, the same way for training and for sampling: one begin token, and answers encoded apart from their
/// prompt, because a sampled answer also begins at a token boundary.
/// </summary>
public sealed class Encoder
{
    private readonly ChatText _own;

    // What conversations are written in: the same, unless the model has no template.
    private readonly ChatText _talk;
    private readonly Action<ChatText>? _onLent;

    // 1 once a conversation was encoded.
    private int _hasTalked;

    // A template's markers decode to nothing, so a conversation cannot be read back from its tokens.
    private readonly ConcurrentDictionary<TokenSequence, Prompt> _conversations = new();

    public Encoder(ITokenizer tokenizer, IChatTemplate template)
        : this(new ChatText(tokenizer, template, [])) { }

    /// <param name="onLent">Told once, at the first conversation, where the model has no template.</param>
    public Encoder(ChatText text, Action<ChatText>? onLent = null) => (_own, _talk, _onLent) = (text, text.Lent ?? text, onLent);

    /// <summary>The model's. Where it has no template, it ends answers as ChatML does as soon as a conversation was encoded.</summary>
    public ITokenizer Tokenizer => Written.Tokenizer;

    public IChatTemplate Template => _talk.Template;

    private ChatText Written => Volatile.Read(ref _hasTalked) == 0 ? _own : _talk;

    /// <summary>The token that ends an answer to such a prompt.</summary>
    public int EndOf(Prompt prompt) => (prompt is Prompt.Chat ? _talk : _own).Tokenizer.EndToken;

    /// <summary>Writes the files from which an equal encoder is made; with ChatML, where conversations were written in it.</summary>
    public void Save(string folder) => Written.Save(folder);

    /// <summary>
    /// Begin token, if any, and the prompt up to where the answer begins. An empty prompt without begin token becomes the end token,
    /// which is what precedes a text in GPT-2's training.
    /// </summary>
    public ImmutableArray<int> EncodePrompt(Prompt prompt)
    {
        var tokens = EncodeOnce(prompt);
        if (prompt is Prompt.Chat chat)
        {
            _conversations[new TokenSequence(tokens, 0)] = chat;
        }
        return tokens;
    }

    /// <summary>
    /// As <see cref="EncodePrompt"/>, for servers with ever new prompts: <see cref="ConversationOf"/> does not remember it.
    /// </summary>
    public ImmutableArray<int> EncodeOnce(Prompt prompt)
    {
        var tokens = ImmutableArray.CreateBuilder<int>();
        var (tokenizer, template) = (_own.Tokenizer, _talk.Template);
        if (tokenizer.BeginToken is { } begin && !(prompt is Prompt.Chat && template.WritesBeginToken))
        {
            tokens.Add(begin);
        }
        switch (prompt)
        {
            case Prompt.Text text:
                tokens.AddRange(tokenizer.Encode(text.Value));
                break;
            case Prompt.Chat chat:
                Talk();
                AddParts(tokens, template.Parts(chat, TemplateEnding.OpenForAnswer));
                break;
            default:
                throw new UnreachableException();
        }

        if (tokens.Count == 0)
        {
            tokens.Add(tokenizer.EndToken);
        }
        return tokens.ToImmutable();
    }

    /// <summary>The conversation that was encoded to these prompt tokens; null where there is none.</summary>
    public Prompt? ConversationOf(ReadOnlySpan<int> prompt) => _conversations.GetValueOrDefault(new TokenSequence([.. prompt], 0));

    /// <summary>Prompt, answer, end token.</summary>
    public TokenSequence Encode(Prompt prompt, string answer) => Join(EncodePrompt(prompt), EncodeAnswer(prompt, answer, ends: true));

    /// <summary>Prompt and the beginning of an answer, without end token.</summary>
    public TokenSequence EncodeUnfinished(Prompt prompt, string answer) =>
        Join(EncodePrompt(prompt), EncodeAnswer(prompt, answer, ends: false));

    /// <summary>A text to learn whole: begin token, if any, text, end token.</summary>
    public TokenSequence Encode(Document document)
    {
        var text = _own.Tokenizer.Encode(document.Text).Add(_own.Tokenizer.EndToken);
        return _own.Tokenizer.BeginToken is { } begin ? new TokenSequence(text.Insert(0, begin), 1) : new TokenSequence(text, 0);
    }

    /// <summary>The answer's text: what <see cref="Encode(Prompt, string)"/> was given, or what a model sampled.</summary>
    public string DecodeAnswer(Prompt prompt, ReadOnlySpan<int> answer)
    {
        var text = _own.Tokenizer.DecodeContinuation(answer);
        var prefix = PrefixOf(prompt);
        return text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
    }

    /// <param name="ends">Whether the end token comes after it; an answer that was cut has none.</param>
    internal ImmutableArray<int> EncodeAnswer(Prompt prompt, string answer, bool ends)
    {
        var open = _own.Tokenizer.EncodeContinuation(PrefixOf(prompt) + answer);
        return ends ? open.Add(EndOf(prompt)) : open;
    }

    /// <summary>A reply that calls tools, up to and with what ends the turn.</summary>
    /// <exception cref="Core.DataException">The template has no words for it.</exception>
    internal ImmutableArray<int> EncodeReply(Prompt.Chat prompt, ImmutableArray<int> tokens, Message reply)
    {
        var parts = Template.Reply(prompt, reply);
        var all = tokens.ToBuilder();
        AddParts(all, parts);
        if (!parts[^1].IsSpecial)
        {
            all.Add(EndOf(prompt));
        }

        return [.. all.Skip(tokens.Length)];
    }

    internal static TokenSequence Join(ImmutableArray<int> prompt, ImmutableArray<int> answer) =>
        new(prompt.AddRange(answer), prompt.Length);

    /// <summary>What stands before every answer to such a prompt.</summary>
    internal string PrefixOf(Prompt prompt) => prompt is Prompt.Chat ? Template.AnswerPrefix : "";

    /// <summary>
    /// What a template wrote as the vocabulary sees it: markers that it has, each with its token, and the text between them. A marker that
    /// it does not have is text.
    /// </summary>
    internal static IEnumerable<(string Text, int? Marker)> Segments(ITokenizer tokenizer, IEnumerable<TemplatePart> parts)
    {
        var pending = "";
        foreach (var (text, isSpecial) in parts)
        {
            if (isSpecial && tokenizer.FindSpecial(text) is { } id)
            {
                // Some tokens take the white space before them: it is theirs, as a conversation's text is cut elsewhere too.
                var kept = tokenizer.TakesSpaceBefore(id) ? pending.TrimEnd() : pending;
                if (kept.Length > 0)
                {
                    yield return (kept, null);
                }

                yield return (pending[kept.Length..] + text, id);
                pending = "";
            }
            else
            {
                pending += text;
            }
        }

        if (pending.Length > 0)
        {
            yield return (pending, null);
        }
    }

    private void Talk()
    {
        if (Interlocked.Exchange(ref _hasTalked, 1) == 0 && _own.Lent is not null)
        {
            _onLent?.Invoke(_own);
        }
    }

    private void AddParts(ImmutableArray<int>.Builder tokens, IEnumerable<TemplatePart> parts)
    {
        var tokenizer = _own.Tokenizer;
        int? special = tokens.Count > 0 ? tokens[^1] : null;
        foreach (var (text, marker) in Segments(tokenizer, parts))
        {
            if (marker is { } id)
            {
                tokens.Add(id);
                special = id;
            }
            else
            {
                tokens.AddRange(special is { } token ? tokenizer.EncodeAfter(token, text) : tokenizer.Encode(text));
            }
        }
    }
}
