using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Attune.Core;
using Attune.Core.Files;
using Piecer = Microsoft.ML.Tokenizers.SentencePieceTokenizer;

namespace Attune.Text.Tokenizers;

/// <summary>
/// SentencePiece byte-pair encoding with byte fallback (Kudo and Richardson 2018), as Llama and Mistral use it. Each text is encoded as
/// if a space stood before it. The character U+2581, which stands for a space inside, is read as one: it is the only text that does
/// not come back as it was.
/// </summary>
public sealed class SentencePieceTokenizer : ITokenizer
{
    private const char Space = '\u2581';
    private readonly byte[] _file;
    private readonly Piecer _textStart;
    private readonly Lazy<Piecer> _continuation;
    private readonly SentencePieceModel _model;
    private readonly Dictionary<string, int> _special;
    private readonly HashSet<int> _addedIds;
    private readonly byte[]?[] _bytes;

    /// <param name="file">The bytes of a .model file.</param>
    /// <param name="added">Special tokens added to the vocabulary after training, by text.</param>
    /// <param name="roles">Which special tokens begin, end and pad; null for what the model file says.</param>
    internal SentencePieceTokenizer(byte[] file, string source, IReadOnlyDictionary<string, int> added, SpecialTokens? roles)
    {
        _file = file;
        _model = SentencePieceModel.Parse(file, source);
        _special = _model
            .Pieces.Select((piece, id) => (piece, id))
            .Where(p => p.piece.Type is PieceType.Control or PieceType.Unknown)
            .GroupBy(p => p.piece.Text)
            .ToDictionary(g => g.Key, g => g.First().id, StringComparer.Ordinal);
        foreach (var (token, id) in added)
        {
            _special[token] = id;
        }

        Added = added;
        _addedIds = [.. added.Values];
        VocabularySize = Math.Max(_model.Pieces.Length, 1 + added.Values.DefaultIfEmpty(-1).Max());
        Special =
            roles ?? new SpecialTokens(_model.Begin < 0 ? null : _model.Pieces[_model.Begin].Text, _model.Pieces[_model.End].Text, null);
        if (Special.Pad == Special.End)
        {
            Special = Special with { Pad = null };
        }
        BeginToken = Special.Begin is null ? null : IdOf(Special.Begin, source);
        EndToken = IdOf(Special.End, source);
        PadToken = Special.Pad is null ? VocabularySize : IdOf(Special.Pad, source);
        _bytes = [.. _model.Pieces.Select(p => Spell(p, source))];
        _textStart = Load(file, source);
        _continuation = new Lazy<Piecer>(() => Load(SentencePieceModel.WithoutLeadingSpace(file), source));
    }

    public SpecialTokens Special { get; }
    public int VocabularySize { get; }
    public int? BeginToken { get; }
    public int EndToken { get; }
    public int PadToken { get; }
    internal IReadOnlyDictionary<string, int> Added { get; }

    /// <summary>
    /// The vocabulary in the order of the ids, as other programs' files want it: spaces written U+2581, scores (pairs are merged highest
    /// first), and types numbered as in sentencepiece_model.proto. Added special tokens are control tokens (3), free ids unused (5).
    /// </summary>
    public IReadOnlyList<(string Text, float Score, int Type)> Pieces()
    {
        var pieces = Enumerable
            .Range(0, VocabularySize)
            .Select(id =>
                id < _model.Pieces.Length
                    ? (_model.Pieces[id].Text, _model.Pieces[id].Score, (int)_model.Pieces[id].Type)
                    : ($"[PAD{id}]", 0f, (int)PieceType.Unused)
            )
            .ToArray();
        foreach (var (text, id) in Added)
        {
            pieces[id] = (text, 0, (int)PieceType.Control);
        }

        return pieces;
    }

    public IReadOnlyCollection<string> SpecialTokens => _special.Keys;

    public int? FindSpecial(string token) => _special.TryGetValue(token, out var id) ? id : null;

    public ImmutableArray<int> Encode(string text) => Ids(_textStart, text);

    public ImmutableArray<int> EncodeContinuation(string text) => Ids(_continuation.Value, text);

    public string Spelling(int token) =>
        Added.FirstOrDefault(a => a.Value == token).Key
        ?? (token >= 0 && token < _model.Pieces.Length ? _model.Pieces[token].Text : "\uFFFD");

    public EncodedText EncodeWithOffsets(string text) => WithOffsets(Encode(text), ValidUnicode.Of(text), prefixed: true);

    public EncodedText EncodeContinuationWithOffsets(string text) =>
        WithOffsets(EncodeContinuation(text), ValidUnicode.Of(text), prefixed: false);

    /// <summary>The pieces' bytes are the text's, after a space where one is put before: it lies where the first character does.</summary>
    private EncodedText WithOffsets(ImmutableArray<int> ids, string text, bool prefixed)
    {
        var read = (prefixed && text.Length > 0 ? " " : "") + text.Replace(Space, ' ');
        var bytes = Encoding.UTF8.GetBytes(read);
        var places = ByteOffsets.Places(read);
        if (prefixed)
        {
            places = [.. places.Select(p => Math.Max(0, p - 1))];
        }

        return new EncodedText(ids, ByteOffsets.Of(ids, id => id < _bytes.Length ? _bytes[id] : [], places, bytes));
    }

    /// <remarks>The space before the text, which encoding put there, is taken away again.</remarks>
    public string Decode(ReadOnlySpan<int> tokens)
    {
        var text = DecodeContinuation(tokens);
        return text.StartsWith(' ') ? text[1..] : text;
    }

    public string DecodeContinuation(ReadOnlySpan<int> tokens)
    {
        var bytes = new List<byte>(4 * tokens.Length);
        foreach (var token in tokens)
        {
            if (token >= 0 && token < _bytes.Length && _bytes[token] is { } spelled)
            {
                bytes.AddRange(spelled);
            }
            else if (token != PadToken && !_addedIds.Contains(token))
            {
                bytes.AddRange("\uFFFD"u8);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    public void Save(string directory)
    {
        foreach (var (name, bytes) in Files())
        {
            AtomicFile.Write(Path.Combine(directory, name), stream => stream.Write(bytes));
        }
    }

    /// <summary>What is saved, by name.</summary>
    internal ImmutableDictionary<string, byte[]> Files() => SentencePieceFiles.Roles(this).Add("tokenizer.model", _file);

    private static ImmutableArray<int> Ids(Piecer piecer, string text) =>
        text.Length == 0
            ? []
            :
            [
                .. piecer.EncodeToIds(
                    ValidUnicode.Of(text),
                    addBeginningOfSentence: false,
                    addEndOfSentence: false,
                    considerPreTokenization: false,
                    considerNormalization: true
                ),
            ];

    private static Piecer Load(byte[] file, string source)
    {
        try
        {
            return Piecer.Create(new MemoryStream(file), addBeginningOfSentence: false, addEndOfSentence: false);
        }
        catch (Exception problem)
            when (problem
                    is IOException
                        or InvalidDataException
                        or ArgumentException
                        or InvalidOperationException
                        or NotSupportedException
                        or FormatException
                        or KeyNotFoundException
                        or IndexOutOfRangeException
            )
        {
            throw new ModelFileException($"{source}: a SentencePiece model that cannot be used: {problem.Message}", problem);
        }
    }

    /// <summary>Bytes a piece stands for; none for control pieces, null for the unknown piece.</summary>
    private static byte[]? Spell(Piece piece, string source) =>
        piece.Type switch
        {
            PieceType.Unknown => null,
            PieceType.Control => [],
            PieceType.Byte => piece.Text.Length == 6
            && byte.TryParse(piece.Text.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)
                ? [value]
                : throw new ModelFileException($"{source}: the byte piece '{piece.Text}' names no byte; expected the form <0x0A>."),
            _ => Encoding.UTF8.GetBytes(piece.Text.Replace(Space, ' ')),
        };

    private int IdOf(string token, string source) =>
        FindSpecial(token)
        ?? throw new ModelFileException(
            $"{source}: the special token '{token}' is not in the vocabulary.{Suggestion.For(token, _special.Keys)}"
        );
}
