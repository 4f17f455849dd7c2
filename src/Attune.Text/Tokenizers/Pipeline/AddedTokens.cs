using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Files;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>A token that stands in <c>tokenizer.json</c> beside the model's own.</summary>
/// <param name="IsSpecial">Never made from text here, and gives none.</param>
/// <param name="Normalized">Looked for in the normalised text; else before anything is changed.</param>
/// <param name="StripsRight">White space after it belongs to it.</param>
internal sealed record AddedToken(
    int Id,
    string Content,
    bool IsSpecial,
    bool Normalized,
    bool SingleWord,
    bool StripsLeft,
    bool StripsRight
)
{
    /// <param name="withId">As in <c>tokenizer.json</c>; else as in <c>added_tokens_decoder</c>, where it is the key.</param>
    public JsonObject ToJson(bool withId)
    {
        var json = withId ? new JsonObject { ["id"] = Id } : new JsonObject();
        json["content"] = Content;
        json["single_word"] = SingleWord;
        json["lstrip"] = StripsLeft;
        json["rstrip"] = StripsRight;
        json["normalized"] = Normalized;
        json["special"] = IsSpecial;
        return json;
    }

    public static ImmutableArray<AddedToken> Read(JsonObject file, PartReader reader)
    {
        if (file["added_tokens"] is null)
        {
            return [];
        }
        var added = ImmutableArray.CreateBuilder<AddedToken>();
        foreach (var part in reader.Parts(file, "added_tokens"))
        {
            var content = JsonFile.Token(part["content"]);
            if (string.IsNullOrEmpty(content) || JsonFile.Number(part["id"]) is not { } id || added.Any(a => a.Content == content))
            {
                throw reader.Wrong($"added_tokens holds {part.ToJsonString()}; expected each token once, with \"content\" and \"id\".");
            }
            var special = reader.Flag(part, "special", false);
            added.Add(
                new AddedToken(
                    id,
                    content,
                    special,
                    reader.Flag(part, "normalized", !special),
                    reader.Flag(part, "single_word", false),
                    reader.Flag(part, "lstrip", false),
                    reader.Flag(part, "rstrip", false)
                )
            );
        }

        return added.ToImmutable();
    }
}

/// <summary>Finds added tokens in a text: the leftmost, and of those that begin there the longest.</summary>
internal sealed class AddedTokenFinder
{
    private readonly Dictionary<char, AddedToken[]> _byFirst;
    private readonly SearchValues<string> _any;

    /// <param name="tokens">With their contents as they are to be found.</param>
    public AddedTokenFinder(IEnumerable<AddedToken> tokens)
    {
        _byFirst = tokens.GroupBy(t => t.Content[0]).ToDictionary(g => g.Key, g => g.OrderByDescending(t => t.Content.Length).ToArray());
        _any = SearchValues.Create([.. _byFirst.Values.SelectMany(t => t).Select(t => t.Content)], StringComparison.Ordinal);
    }

    /// <summary>The text in order: stretches without tokens, and tokens.</summary>
    public IEnumerable<(string Text, AddedToken? Token)> Cut(string text) =>
        Find(text).Select(f => (f.Token?.Content ?? text[f.Start..f.End], f.Token));

    /// <summary>The same by places, in UTF-16 units; a token's has the white space that it takes with it.</summary>
    public IEnumerable<(int Start, int End, AddedToken? Token)> Find(string text)
    {
        if (_byFirst.Count == 0)
        {
            yield return (0, text.Length, null);
            yield break;
        }

        var (done, at) = (0, 0);
        while (at < text.Length && text.AsSpan(at).IndexOfAny(_any) is >= 0 and var next)
        {
            at += next;
            var found = _byFirst[text[at]].First(t => string.CompareOrdinal(text, at, t.Content, 0, t.Content.Length) == 0);
            if (!Stands(text, at, found))
            {
                at += found.Content.Length; // As the tokenizers library: what a part of it spells is not looked at again.
                continue;
            }

            var (start, end) = Range(text, found, done, at);
            if (start > done)
            {
                yield return (done, start, null);
            }
            yield return (start, end, found);
            done = at = end;
        }

        if (done < text.Length)
        {
            yield return (done, text.Length, null);
        }
    }

    /// <summary>A token and the white space that it takes with it.</summary>
    private static (int Start, int End) Range(string text, AddedToken token, int done, int at)
    {
        var (start, end) = (at, at + token.Content.Length);
        while (token.StripsLeft && start > done && char.IsWhiteSpace(text[start - 1]))
        {
            start--;
        }

        while (token.StripsRight && end < text.Length && char.IsWhiteSpace(text[end]))
        {
            end++;
        }

        return (start, end);
    }

    private static bool Stands(string text, int at, AddedToken token) =>
        !token.SingleWord
        || !(
            (Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out var before, out _) == OperationStatus.Done && WordCharacters.IsWord(before))
            || (
                Rune.DecodeFromUtf16(text.AsSpan(at + token.Content.Length), out var after, out _) == OperationStatus.Done
                && WordCharacters.IsWord(after)
            )
        );
}
