using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// The unigram language model (Kudo 2018): of all ways to cut a text into pieces the one with the highest sum of log-probabilities, found
/// by Viterbi's algorithm. A character that no piece begins with is unknown, at a score below every piece's.
/// </summary>
internal sealed class UnigramModel : ITokenizerModel
{
    // SentencePiece's kUnkPenalty.
    private const double UnknownPenalty = 10;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly double[] _scores;
    private readonly int? _unknown;
    private readonly int[]? _bytes;
    private readonly int _longest;
    private readonly double _unknownScore;

    private UnigramModel(List<(string Text, double Score)> pieces, int? unknown, bool byteFallback)
    {
        _scores = [.. pieces.Select(p => p.Score)];
        for (var id = 0; id < pieces.Count; id++)
        {
            _ids.TryAdd(pieces[id].Text, id);
        }

        (_unknown, _bytes) = (unknown, byteFallback ? TokenizerModels.ByteIds(_ids) : null);
        _longest = pieces.Max(p => p.Text.Length);
        _unknownScore = _scores.Min() - UnknownPenalty;
    }

    public static UnigramModel Read(JsonObject part, PartReader reader)
    {
        var pieces = new List<(string, double)>();
        foreach (var entry in reader.List(part, "vocab"))
        {
            if (
                entry is not JsonArray { Count: 2 } pair
                || JsonFile.Token(pair[0]) is not { } piece
                || pair[1] is not JsonValue value
                || !value.TryGetValue<double>(out var score)
                || !double.IsFinite(score)
            )
            {
                throw reader.Wrong(
                    $"model.vocab of a Unigram model holds {entry?.ToJsonString() ?? "null"}; expected pairs of a piece and its "
                        + "log-probability."
                );
            }
            pieces.Add((piece, score));
        }

        var unknown = JsonFile.Number(part["unk_id"]);
        if (pieces.Count == 0 || unknown < 0 || unknown >= pieces.Count)
        {
            throw reader.Wrong(
                $"a Unigram model of {pieces.Count} pieces with unk_id {unknown}; expected at least one piece, and the unknown "
                    + "one among them."
            );
        }
        return new UnigramModel(pieces, unknown, reader.Flag(part, "byte_fallback", false));
    }

    public IReadOnlyDictionary<string, int> Vocabulary => _ids;

    public void Encode(string piece, TokenSink sink)
    {
        var (best, from, token) = (new double[piece.Length + 1], new int[piece.Length + 1], new int[piece.Length + 1]);
        Array.Fill(best, double.NegativeInfinity, 1, piece.Length);
        var known = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var start = 0;
        while (start < piece.Length)
        {
            var width = char.IsSurrogatePair(piece, start) ? 2 : 1;
            var covered = false;
            for (var end = start + 1; end <= Math.Min(piece.Length, start + _longest); end++)
            {
                if (known.TryGetValue(piece.AsSpan(start, end - start), out var id) && id != _unknown)
                {
                    covered |= end == start + width;
                    Improve(start, end, _scores[id], id);
                }
            }

            if (!covered)
            {
                Improve(start, start + width, _unknownScore, -1);
            }
            start += width;
        }

        void Improve(int start, int end, double score, int id)
        {
            if (best[start] + score > best[end])
            {
                (best[end], from[end], token[end]) = (best[start] + score, start, id);
            }
        }

        Write(piece, from, token, sink);
    }

    private void Write(string piece, int[] from, int[] token, TokenSink sink)
    {
        var cuts = new Stack<int>();
        for (var end = piece.Length; end > 0; end = from[end])
        {
            cuts.Push(end);
        }

        var unknownBefore = false;
        foreach (var end in cuts)
        {
            if (token[end] >= 0)
            {
                sink.Add(token[end], from[end], end);
            }
            else if (_bytes is not null)
            {
                foreach (var value in Encoding.UTF8.GetBytes(piece[from[end]..end]))
                {
                    sink.Add(_bytes[value], from[end], end);
                }
            }
            else if (_unknown is not { } unknown)
            {
                sink.Lost++;
            }
            else if (unknownBefore)
            {
                sink.Extend(end); // Neighbouring unknown characters are one token.
            }
            else
            {
                sink.Add(unknown, from[end], end);
            }
            unknownBefore = token[end] < 0 && _bytes is null;
        }
    }
}
