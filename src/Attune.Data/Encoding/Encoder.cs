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
public sealed class Encoder(ITokenizer tokenizer, IChatTemplate template)
{
    // A template's markers decode to nothing, so a conversation cannot be read back from its tokens.
    private readonly ConcurrentDictionary<TokenSequence, Prompt> _conversations = new();

    public ITokenizer Tokenizer => tokenizer;
    public IChatTemplate Template => template;

    /// <summary>Writes the files from which an equal encoder is made.</summary>
    public void Save(string folder) => new ChatText(tokenizer, template, []).Save(folder);

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
                AddParts(tokens, template.Parts(chat.Messages, TemplateEnding.OpenForAnswer));
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
        var text = tokenizer.Encode(document.Text).Add(tokenizer.EndToken);
        return tokenizer.BeginToken is { } begin ? new TokenSequence(text.Insert(0, begin), 1) : new TokenSequence(text, 0);
    }

    /// <summary>The answer's text: what <see cref="Encode(Prompt, string)"/> was given, or what a model sampled.</summary>
    public string DecodeAnswer(Prompt prompt, ReadOnlySpan<int> answer)
    {
        var text = tokenizer.DecodeContinuation(answer);
        var prefix = PrefixOf(prompt);
        return text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
    }

    /// <param name="ends">Whether the end token comes after it; an answer that was cut has none.</param>
    internal ImmutableArray<int> EncodeAnswer(Prompt prompt, string answer, bool ends)
    {
        var open = tokenizer.EncodeContinuation(PrefixOf(prompt) + answer);
        return ends ? open.Add(tokenizer.EndToken) : open;
    }

    internal static TokenSequence Join(ImmutableArray<int> prompt, ImmutableArray<int> answer) =>
        new(prompt.AddRange(answer), prompt.Length);

    /// <summary>What stands before every answer to such a prompt.</summary>
    internal string PrefixOf(Prompt prompt) => prompt is Prompt.Chat ? template.AnswerPrefix : "";

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

    private void AddParts(ImmutableArray<int>.Builder tokens, IEnumerable<TemplatePart> parts)
    {
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
