using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016) over the characters of a piece: the neighbours whose merge was learned first become one, until
/// no merge is left. Merges wait in a queue by rank and place, so that a whole text without cuts, as in Llama 2, costs n log n.
/// </summary>
internal sealed class BytePairModel : ITokenizerModel
{
    private const int LongestKept = 64;
    private const int MostKept = 20_000;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges;
    private readonly PairOptions _options;
    private readonly int[]? _bytes;
    private readonly int? _unknown;
    private readonly ConcurrentDictionary<string, ImmutableArray<int>> _kept = new(StringComparer.Ordinal);

    private sealed record PairOptions(string Prefix, string Suffix, bool FuseUnknown, bool WholeFirst);

    private BytePairModel(
        Dictionary<string, int> ids,
        Dictionary<(int, int), (int, int)> merges,
        PairOptions options,
        int? unknown,
        bool byteFallback
    ) => (_ids, _merges, _options, _unknown, _bytes) = (ids, merges, options, unknown, byteFallback ? TokenizerModels.ByteIds(ids) : null);

    public static BytePairModel Read(JsonObject part, PartReader reader, string path)
    {
        var ids = TokenizerModels.Ids(part, reader, path);
        var options = new PairOptions(
            reader.TextOrNothing(part, "continuing_subword_prefix") ?? "",
            reader.TextOrNothing(part, "end_of_word_suffix") ?? "",
            reader.Flag(part, "fuse_unk", false),
            reader.Flag(part, "ignore_merges", false)
        );
        var merges = ReadMerges(reader.List(part, "merges"), ids, options, reader);
        return new BytePairModel(
            ids,
            merges,
            options,
            TokenizerModels.IdOf(reader.TextOrNothing(part, "unk_token"), ids, reader),
            reader.Flag(part, "byte_fallback", false)
        );
    }

    private static Dictionary<(int Left, int Right), (int Rank, int Id)> ReadMerges(
        IEnumerable<JsonNode?> list,
        Dictionary<string, int> ids,
        PairOptions options,
        PartReader reader
    )
    {
        var merges = new Dictionary<(int, int), (int, int)>();
        foreach (var merge in list)
        {
            // Written as "a b" until tokenizers 0.20, as ["a", "b"] since.
            var pair = merge is JsonArray { Count: 2 } two
                ? [JsonFile.Token(two[0]) ?? "", JsonFile.Token(two[1]) ?? ""]
                : (JsonFile.Token(merge) ?? "").Split(' ');
            var whole =
                pair.Length != 2
                    ? ""
                    : pair[0]
                        + (
                            options.Prefix.Length > 0 && pair[1].StartsWith(options.Prefix, StringComparison.Ordinal)
                                ? pair[1][options.Prefix.Length..]
                                : pair[1]
                        );
            if (
                pair.Length != 2
                || !ids.TryGetValue(pair[0], out var left)
                || !ids.TryGetValue(pair[1], out var right)
                || !ids.TryGetValue(whole, out var merged)
            )
            {
                throw reader.Wrong(
                    $"merge {merges.Count + 1} is {merge?.ToJsonString() ?? "null"}, but the vocabulary does not have both "
                        + "parts and what they become; expected merges and vocabulary of one tokenizer."
                );
            }
            merges.TryAdd((left, right), (merges.Count, merged));
        }

        return merges;
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _ids;
    public bool FallsBackToBytes => _bytes is not null;

    /// <summary>The merges in the order learned, as ids.</summary>
    public IEnumerable<(int Left, int Right, int Merged)> Merges =>
        _merges.OrderBy(m => m.Value.Rank).Select(m => (m.Key.Left, m.Key.Right, m.Value.Id));

    public void Encode(string piece, TokenSink sink)
    {
        if (_options.WholeFirst && _ids.TryGetValue(piece, out var whole))
        {
            sink.Add(whole, 0, piece.Length);
        }
        else if (sink.IsTraced || piece.Length > LongestKept)
        {
            foreach (var part in Merge(Characters(piece, sink)))
            {
                sink.Add(part.Id, part.Start, part.End);
            }
        }
        else
        {
            // The same words come again and again. A full cache is emptied.
            if (!_kept.TryGetValue(piece, out var known))
            {
                if (_kept.Count > MostKept)
                {
                    _kept.Clear();
                }
                _kept[piece] = known = [.. Merge(Characters(piece, sink)).Select(p => p.Id)];
            }

            sink.AddRange(known);
        }
    }

    /// <param name="Id">Less than 0 once it has become part of the one before.</param>
    /// <param name="Start">Its first unit in the piece.</param>
    /// <param name="End">One past its last.</param>
    private readonly record struct Part(int Id, int Start, int End);

    private List<Part> Characters(string piece, TokenSink sink)
    {
        var parts = new List<Part>(piece.Length);
        var (at, unknownBefore) = (0, false);
        foreach (var rune in piece.EnumerateRunes())
        {
            var (start, text) = (at, rune.ToString());
            at += text.Length;
            var spelling = (start > 0 ? _options.Prefix : "") + text + (at == piece.Length ? _options.Suffix : "");
            var known = _ids.TryGetValue(spelling, out var id);
            if (known)
            {
                parts.Add(new Part(id, start, at));
            }
            else if (_bytes is not null)
            {
                parts.AddRange(Encoding.UTF8.GetBytes(text).Select(b => new Part(_bytes[b], start, at)));
            }
            else if (_unknown is not { } unknown)
            {
                sink.Lost++;
            }
            else if (_options.FuseUnknown && unknownBefore)
            {
                parts[^1] = parts[^1] with { End = at };
            }
            else
            {
                parts.Add(new Part(unknown, start, at));
            }
            unknownBefore = !known && _bytes is null;
        }

        return parts;
    }

    private IEnumerable<Part> Merge(List<Part> parts)
    {
        var (before, after) = (new int[parts.Count], new int[parts.Count]);
        var queue = new PriorityQueue<(int At, int Left, int Right, int Merged), (int Rank, int At)>();
        void Offer(int left)
        {
            if (left >= 0 && after[left] < parts.Count && _merges.TryGetValue((parts[left].Id, parts[after[left]].Id), out var merge))
            {
                queue.Enqueue((left, parts[left].Id, parts[after[left]].Id, merge.Id), (merge.Rank, left));
            }
        }

        for (var i = 0; i < parts.Count; i++)
        {
            (before[i], after[i]) = (i - 1, i + 1);
        }

        for (var i = 0; i < parts.Count; i++)
        {
            Offer(i);
        }

        while (queue.TryDequeue(out var next, out _))
        {
            var (left, right) = (next.At, after[next.At]);
            // Stale where either side has become something else meanwhile.
            if (parts[left].Id != next.Left || right >= parts.Count || parts[right].Id != next.Right)
            {
                continue;
            }
            parts[left] = new Part(next.Merged, parts[left].Start, parts[right].End);
            parts[right] = parts[right] with { Id = -1 };
            after[left] = after[right];
            if (after[left] < parts.Count)
            {
                before[after[left]] = left;
            }
            Offer(before[left]);
            Offer(left);
        }

        return parts.Where(p => p.Id >= 0);
    }
}
