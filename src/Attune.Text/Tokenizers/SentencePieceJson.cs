using System.Text.Json.Nodes;
using Attune.Text.Tokenizers.Pieces;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>
/// A SentencePiece model as the <c>tokenizer.json</c> that says the same, for programs that read that. The two may cut a run of equal
/// letters differently: there, pairs have ranks, here, the leftmost of equal scores is first.
/// </summary>
internal static class SentencePieceJson
{
    private const string Space = "\u2581";

    public static JsonObject Of(SentencePieceTokenizer tokenizer)
    {
        var model = tokenizer.Model;
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Added(tokenizer).Select(a => (JsonNode)a.ToJson(withId: true))]),
            ["normalizer"] = Normalizer(model, tokenizer.SpaceAfterTokens),
            ["pre_tokenizer"] = PreTokenizer(model, tokenizer.SpaceAfterTokens),
            ["post_processor"] = tokenizer.Special.Begin is { } begin
                ? TokenizerJson.BeginTemplate(begin, tokenizer.BeginToken!.Value)
                : null,
            ["decoder"] = Decoder(model),
            ["model"] = Model(model),
        };
        return file;
    }

    /// <summary>The added tokens, and the pieces that text never becomes or always does, in the order of their ids.</summary>
    public static IEnumerable<AddedToken> Added(SentencePieceTokenizer tokenizer)
    {
        var own = tokenizer.Added.ToDictionary(a => a.Id);
        var pieces = tokenizer.Model.Pieces;
        return Enumerable
            .Range(0, pieces.Length)
            .Where(id => pieces[id].Type is PieceType.Control or PieceType.Unknown or PieceType.UserDefined && !own.ContainsKey(id))
            .Where(id => pieces[id].Text.Length > 0)
            .Select(id => new AddedToken(id, pieces[id].Text, pieces[id].Type != PieceType.UserDefined, false, false, false, false))
            .Concat(own.Values)
            .OrderBy(a => a.Id);
    }

    private static JsonObject? Normalizer(SentencePieceModel model, bool spaceAfterTokens)
    {
        var steps = new List<JsonNode>();
        if (!model.CharsMap.IsEmpty)
        {
            steps.Add(
                new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(model.CharsMap.AsSpan()) }
            );
        }
        if (model.RemovesSpaces)
        {
            steps.Add(Replace(new JsonObject { ["Regex"] = @"\A +| +\z" }, ""));
            steps.Add(Replace(new JsonObject { ["Regex"] = " {2,}" }, " "));
        }
        if (model.PutsSpace && spaceAfterTokens)
        {
            steps.Add(new JsonObject { ["type"] = "Prepend", ["prepend"] = model.EscapesSpaces ? Space : " " });
        }
        if (model.EscapesSpaces)
        {
            steps.Add(Replace(new JsonObject { ["String"] = " " }, Space));
        }
        return steps.Count == 0 ? null : new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray([.. steps]) };
    }

    /// <summary>Words are cut; else this alone puts the space before a text.</summary>
    private static JsonObject? PreTokenizer(SentencePieceModel model, bool spaceAfterTokens) =>
        model.EscapesSpaces && (model.Kind == PieceKind.Words || (model.PutsSpace && !spaceAfterTokens))
            ? new JsonObject
            {
                ["type"] = "Metaspace",
                ["replacement"] = Space,
                ["prepend_scheme"] = model.PutsSpace && !spaceAfterTokens ? "first" : "never",
                ["split"] = model.Kind == PieceKind.Words,
            }
            : null;

    private static JsonObject Decoder(SentencePieceModel model)
    {
        List<JsonNode> steps =
        [
            Replace(new JsonObject { ["String"] = Space }, " "),
            new JsonObject { ["type"] = "ByteFallback" },
            new JsonObject { ["type"] = "Fuse" },
        ];
        if (model.PutsSpace || model.RemovesSpaces)
        {
            steps.Add(
                new JsonObject
                {
                    ["type"] = "Strip",
                    ["content"] = " ",
                    ["start"] = model.SpaceIsSuffix ? 0 : 1,
                    ["stop"] = model.SpaceIsSuffix ? 1 : 0,
                }
            );
        }
        return new JsonObject { ["type"] = "Sequence", ["decoders"] = new JsonArray([.. steps]) };
    }

    private static JsonObject Replace(JsonObject pattern, string content) =>
        new()
        {
            ["type"] = "Replace",
            ["pattern"] = pattern,
            ["content"] = content,
        };

    private static JsonObject Model(SentencePieceModel model)
    {
        var unknown = model.Pieces.IndexOf(model.Pieces.FirstOrDefault(p => p.Type == PieceType.Unknown));
        var hasBytes = model.FallsBackToBytes && model.Pieces.Any(p => p.Type == PieceType.Byte);
        if (model.Kind == PieceKind.Unigram)
        {
            return new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = unknown < 0 ? null : unknown,
                ["vocab"] = new JsonArray([.. model.Pieces.Select(p => (JsonNode)new JsonArray(p.Text, (double)p.Score))]),
                ["byte_fallback"] = hasBytes,
            };
        }
        var vocabulary = new JsonObject();
        for (var id = 0; id < model.Pieces.Length; id++)
        {
            vocabulary.TryAdd(model.Pieces[id].Text, id);
        }

        var name = unknown < 0 ? null : model.Pieces[unknown].Text;
        return model.Kind == PieceKind.Words
            ? new JsonObject
            {
                ["type"] = "WordLevel",
                ["vocab"] = vocabulary,
                ["unk_token"] = name,
            }
            : new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = name,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = true,
                ["byte_fallback"] = hasBytes,
                ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = model.Kind == PieceKind.Pairs ? Merges(model) : new JsonArray(),
            };
    }

    /// <summary>Every way to make a piece of two, in the order of the scores; of equal ones as converters of such files have it.</summary>
    private static JsonArray Merges(SentencePieceModel model)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < model.Pieces.Length; id++)
        {
            if (model.Pieces[id].Type == PieceType.Normal)
            {
                ids.TryAdd(model.Pieces[id].Text, id);
            }
        }

        var known = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(int Merged, int Left, int Right)>();
        foreach (var (text, id) in ids)
        {
            for (var cut = 1; cut < text.Length; cut++)
            {
                if (known.TryGetValue(text.AsSpan(0, cut), out var left) && known.TryGetValue(text.AsSpan(cut), out var right))
                {
                    merges.Add((id, left, right));
                }
            }
        }

        return
        [
            .. merges
                .OrderByDescending(m => model.Pieces[m.Merged].Score)
                .ThenBy(m => m.Merged)
                .ThenBy(m => m.Left)
                .ThenBy(m => m.Right)
                .Select(m => (JsonNode)new JsonArray(model.Pieces[m.Left].Text, model.Pieces[m.Right].Text)),
        ];
    }
}
