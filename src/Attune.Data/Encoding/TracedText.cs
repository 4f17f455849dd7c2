using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;

namespace Attune.Data.Encoding;

/// <summary>A text or a conversation as a model reads it, token by token.</summary>
/// <param name="Text">A conversation's as its template writes it.</param>
/// <param name="Tokens">The ids, and where in the text they lie.</param>
/// <param name="IsSpecial">Of each token: a special one.</param>
/// <param name="IsLearned">
/// Of each token of a conversation: supervised fine-tuning learns it (what the assistant says, and the special token that ends its turn).
/// A token that begins before what the assistant says is not learned. Null for a text, and for a template that does not write the
/// beginning of a conversation the same regardless of what follows.
/// </param>
public sealed record TracedText(string Text, EncodedText Tokens, ImmutableArray<bool> IsSpecial, ImmutableArray<bool>? IsLearned)
{
    /// <param name="specialSpellings">What is spelt like a special token is one; else it is plain text.</param>
    public static TracedText Of(ITokenizer tokenizer, string text, bool specialSpellings = false)
    {
        var tokens = specialSpellings ? SpecialSpellings.Encode(tokenizer, text) : tokenizer.EncodeWithOffsets(text);
        return new TracedText(text, tokens, Special(tokenizer, tokens), null);
    }

    /// <param name="opens">Where the assistant begins to speak follows, as in a prompt.</param>
    /// <param name="specialSpellings">As for a text: also in what the messages say.</param>
    /// <exception cref="Core.DataException">The template refuses the conversation.</exception>
    public static TracedText Of(
        ITokenizer tokenizer,
        IChatTemplate template,
        ImmutableArray<Message> messages,
        bool opens,
        bool specialSpellings = false
    )
    {
        var parts = template.Parts(messages, opens ? TemplateEnding.OpenForAnswer : TemplateEnding.Closed);
        var text = string.Concat(parts.Select(p => p.Text));
        var tokens =
            tokenizer.BeginToken is { } begin && !template.WritesBeginToken ? new EncodedText([begin], [(0, 0)]) : EncodedText.Empty;
        tokens = specialSpellings ? tokens.Then(SpecialSpellings.Encode(tokenizer, text), 0) : Join(tokenizer, tokens, parts);
        var special = Special(tokenizer, tokens);
        return new TracedText(text, tokens, special, Learned(template, messages, parts, tokens));
    }

    private static ImmutableArray<bool> Special(ITokenizer tokenizer, EncodedText tokens)
    {
        var special = tokenizer.SpecialTokens.Select(t => tokenizer.FindSpecial(t)).ToHashSet();
        return [.. tokens.Ids.Select(id => special.Contains(id))];
    }

    /// <summary>As the encoder does it: markers become their tokens, what lies between is text.</summary>
    private static EncodedText Join(ITokenizer tokenizer, EncodedText tokens, ImmutableArray<TemplatePart> parts)
    {
        var at = 0;
        int? special = tokens.Ids.IsEmpty ? null : tokens.Ids[^1];
        foreach (var (text, marker) in Encoder.Segments(tokenizer, parts))
        {
            var length = CodePoints.Count(text);
            var encoded =
                marker is { } id ? new EncodedText([id], [(0, length)])
                : special is { } before ? tokenizer.EncodeAfterWithOffsets(before, text)
                : tokenizer.EncodeWithOffsets(text);
            (tokens, special, at) = (tokens.Then(encoded, at), marker ?? special, at + length);
        }

        return tokens;
    }

    private static ImmutableArray<bool>? Learned(
        IChatTemplate template,
        ImmutableArray<Message> messages,
        ImmutableArray<TemplatePart> parts,
        EncodedText tokens
    )
    {
        var text = string.Concat(parts.Select(p => p.Text));
        var replies = new List<(int Start, int End)>();
        foreach (var index in Enumerable.Range(0, messages.Length).Where(i => messages[i].Role == Role.Assistant))
        {
            var before = index == 0 ? "" : template.Render(messages[..index], TemplateEnding.OpenForAnswer) + template.AnswerPrefix;
            if (!text.StartsWith(before, StringComparison.Ordinal))
            {
                return null;
            }

            var start = CodePoints.Count(before);
            replies.Add((start, End(parts, start)));
        }

        return [.. tokens.Offsets.Select(o => replies.Exists(r => o.Start >= r.Start && o.End <= r.End && o.End > o.Start))];
    }

    /// <summary>Where the first marker after a place ends; the text's end where there is none.</summary>
    private static int End(ImmutableArray<TemplatePart> parts, int start)
    {
        var at = 0;
        foreach (var (text, isSpecial) in parts)
        {
            var from = at;
            at += CodePoints.Count(text);
            if (isSpecial && from >= start)
            {
                return at;
            }
        }

        return at;
    }
}
