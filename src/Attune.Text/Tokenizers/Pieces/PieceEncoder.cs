using System.Globalization;
using System.Text;
using Attune.Core;
using Attune.Text.Tokenizers.Pipeline;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pieces;

/// <summary>From a text to a SentencePiece model's ids: normalised, cut, and what is unknown as bytes where the model has them.</summary>
internal sealed class PieceEncoder
{
    private readonly PieceNormalizer _normalizer;
    private readonly IPieceCutter _cutter;
    private readonly int[]? _bytes;
    private readonly int _unknown;

    /// <exception cref="ModelFileException">Its normalisation is damaged, or it says that it has bytes, and lacks them.</exception>
    public PieceEncoder(SentencePieceModel model, string source)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < model.Pieces.Length; id++)
        {
            if (model.Pieces[id] is { Type: PieceType.Normal or PieceType.UserDefined or PieceType.Unused, Text.Length: > 0 } piece)
            {
                ids.TryAdd(piece.Text, id);
            }
        }

        var userDefined = new PieceTree(ids.Where(p => model.Pieces[p.Value].Type == PieceType.UserDefined));
        CharsMap? map = null;
        if (!model.CharsMap.IsEmpty)
        {
            map =
                CharsMap.Read(model.CharsMap.AsSpan())
                ?? throw new ModelFileException($"{source}: its table of normalised characters is damaged. Fetch the file again.");
        }
        _normalizer = new PieceNormalizer(model, map, userDefined);
        _cutter = model.Kind switch
        {
            PieceKind.Unigram => new UnigramCutter(model, ids),
            PieceKind.Pairs => new PairCutter(model, ids, userDefined),
            PieceKind.Words => new WordCutter(ids),
            _ => new CharacterCutter(ids, userDefined),
        };
        _unknown = model.Pieces.IndexOf(model.Pieces.FirstOrDefault(p => p.Type == PieceType.Unknown));
        _bytes = model.FallsBackToBytes ? Bytes(model, source) : null;
    }

    /// <param name="putsSpace">False where the text follows another, so that no space comes between them.</param>
    public void Encode(AlignedText text, bool putsSpace, TokenSink sink)
    {
        var normal = _normalizer.Apply(text, putsSpace);
        sink.Begin(normal);
        var unknownBefore = false;
        foreach (var (id, start, end) in _cutter.Cut(normal.Text))
        {
            if (id >= 0)
            {
                sink.Add(id, start, end);
            }
            else if (_bytes is not null)
            {
                foreach (var value in Encoding.UTF8.GetBytes(normal.Text[start..end]))
                {
                    sink.Add(_bytes[value], start, end);
                }
            }
            else if (_unknown < 0)
            {
                sink.Lost += end - start;
            }
            else if (unknownBefore)
            {
                sink.Extend(end); // Neighbouring unknown pieces are one token.
            }
            else
            {
                sink.Add(_unknown, start, end);
            }
            unknownBefore = id < 0 && _bytes is null;
        }
    }

    /// <summary>The ids of the 256 bytes; null where the file has none of them.</summary>
    private static int[]? Bytes(SentencePieceModel model, string source)
    {
        var ids = model
            .Pieces.Select((piece, id) => (piece, id))
            .Where(p => p.piece.Type == PieceType.Byte)
            .GroupBy(p => p.piece.Text)
            .ToDictionary(g => g.Key, g => g.First().id, StringComparer.Ordinal);
        if (ids.Count == 0)
        {
            return null;
        }
        var bytes = new int[256];
        for (var value = 0; value < 256; value++)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"<0x{value:X2}>");
            if (!ids.TryGetValue(text, out bytes[value]))
            {
                throw new ModelFileException($"{source}: a character without a piece becomes bytes, but there is no piece '{text}'.");
            }
        }

        return bytes;
    }
}
