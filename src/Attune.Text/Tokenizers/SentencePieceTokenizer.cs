using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Attune.Core;
using Attune.Core.Files;
using Attune.Text.Tokenizers.Pieces;
using Attune.Text.Tokenizers.Pipeline;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers;

/// <summary>
/// A SentencePiece model (Kudo and Richardson 2018): byte-pair encoding, unigram, words or characters, with the normalisation that its file
/// names. The character U+2581, which stands for a space inside, is read as one; where the file normalises nothing, it is the only text
/// that does not come back as it was.
/// </summary>
public sealed class SentencePieceTokenizer : ITokenizer
{
    private const char Space = '\u2581';
    private readonly byte[] _file;
    private readonly SentencePieceModel _model;
    private readonly PieceEncoder _encoder;
    private readonly Dictionary<string, int> _special;
    private readonly Dictionary<int, AddedToken> _addedById;
    private readonly AddedTokenFinder _addedTexts;
    private readonly byte[]?[] _bytes;

    /// <param name="file">The bytes of a .model file.</param>
    /// <param name="added">Tokens added to the vocabulary after training.</param>
    /// <param name="roles">Which special tokens begin, end and pad; null for what the model file says.</param>
    /// <param name="spaceAfterTokens">Whether the space before a text is also put after each added token (transformers' "legacy").</param>
    internal SentencePieceTokenizer(
        byte[] file,
        string source,
        ImmutableArray<AddedToken> added,
        SpecialTokens? roles,
        bool spaceAfterTokens = false
    )
    {
        (_file, Added, SpaceAfterTokens) = (file, added, spaceAfterTokens);
        _model = SentencePieceModel.Parse(file, source);
        _special = _model
            .Pieces.Select((piece, id) => (piece, id))
            .Where(p => p.piece.Type is PieceType.Control or PieceType.Unknown)
            .GroupBy(p => p.piece.Text)
            .ToDictionary(g => g.Key, g => g.First().id, StringComparer.Ordinal);
        foreach (var token in added.Where(a => a.IsSpecial))
        {
            _special[token.Content] = token.Id;
        }

        _addedById = added.GroupBy(a => a.Id).ToDictionary(g => g.Key, g => g.First());
        _addedTexts = new AddedTokenFinder(added.Where(a => !a.IsSpecial));
        VocabularySize = Size(_model.Pieces.Length, added, source);
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
        _encoder = new PieceEncoder(_model, source);
    }

    public SpecialTokens Special { get; }
    public int VocabularySize { get; }
    public int? BeginToken { get; }
    public int EndToken { get; }
    public int PadToken { get; }

    /// <summary>Whether pairs are merged by score, as llama.cpp does with a SentencePiece vocabulary.</summary>
    public bool MergesPairs => _model.Kind == PieceKind.Pairs;

    /// <summary>Whether a space is put before each text.</summary>
    public bool PutsSpace => _model.PutsSpace;
    internal ImmutableArray<AddedToken> Added { get; }
    internal bool SpaceAfterTokens { get; }
    internal SentencePieceModel Model => _model;
    internal IEnumerable<AddedToken> SpecialAdded =>
        _special.Select(s => _addedById.GetValueOrDefault(s.Value) ?? new AddedToken(s.Value, s.Key, true, false, false, false, false));

    /// <summary>
    /// The vocabulary in the order of the ids, as other programs' files want it: spaces written U+2581, scores (pairs are merged highest
    /// first), and types numbered as in sentencepiece_model.proto. Added tokens are control tokens (3) if they are special, else user
    /// defined (4); free ids are unused (5).
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
        foreach (var token in Added.Where(a => a.Id >= _model.Pieces.Length || _model.Pieces[a.Id].Type == PieceType.Normal))
        {
            pieces[token.Id] = (token.Content, 0, (int)(token.IsSpecial ? PieceType.Control : PieceType.UserDefined));
        }

        return pieces;
    }

    public IReadOnlyCollection<string> SpecialTokens => _special.Keys;

    public int? FindSpecial(string token) => _special.TryGetValue(token, out var id) ? id : null;

    public ImmutableArray<int> Encode(string text) => Encode(ValidUnicode.Of(text), putsSpace: true).ToIds();

    public ImmutableArray<int> EncodeContinuation(string text) => Encode(ValidUnicode.Of(text), putsSpace: false).ToIds();

    public ImmutableArray<int> EncodeAfter(int special, string text)
    {
        AlignedText valid = ValidUnicode.Of(text);
        return Encode(After(special, valid), special == BeginToken || SpaceAfterTokens).ToIds();
    }

    public bool TakesSpaceBefore(int special) => _addedById.TryGetValue(special, out var token) && token.StripsLeft;

    public string Spelling(int token) =>
        _addedById.TryGetValue(token, out var added) ? added.Content
        : token >= 0 && token < _model.Pieces.Length ? _model.Pieces[token].Text
        : "\uFFFD";

    public EncodedText EncodeWithOffsets(string text) => Trace(AlignedText.Traced(ValidUnicode.Of(text)), putsSpace: true);

    public EncodedText EncodeContinuationWithOffsets(string text) => Trace(AlignedText.Traced(ValidUnicode.Of(text)), putsSpace: false);

    public EncodedText EncodeAfterWithOffsets(int special, string text) =>
        Trace(After(special, AlignedText.Traced(ValidUnicode.Of(text))), special == BeginToken || SpaceAfterTokens);

    private AlignedText After(int special, AlignedText text) =>
        _addedById.TryGetValue(special, out var token) && token.StripsRight
            ? text.Slice(text.Text.Length - text.Text.TrimStart().Length, text.Text.TrimStart().Length)
            : text;

    private EncodedText Trace(AlignedText text, bool putsSpace)
    {
        var sink = Encode(text, putsSpace);
        return new EncodedText(sink.ToIds(), [.. sink.Spans], sink.Lost);
    }

    private TokenSink Encode(AlignedText text, bool putsSpace)
    {
        var sink = new TokenSink(text.IsTraced, 4 + text.Text.Length / 3);
        if (text.Text.Length == 0)
        {
            return sink;
        }
        foreach (var (start, end, token) in _addedTexts.Find(text.Text))
        {
            var section = text.Slice(start, end - start);
            if (token is not null)
            {
                sink.Begin(section);
                sink.Add(token.Id, 0, end - start);
                putsSpace = SpaceAfterTokens;
            }
            else
            {
                _encoder.Encode(section, putsSpace, sink);
            }
        }

        return sink;
    }

    /// <remarks>The space before the text, which encoding put there, is taken away again.</remarks>
    public string Decode(ReadOnlySpan<int> tokens)
    {
        var text = DecodeContinuation(tokens);
        return !_model.PutsSpace && !_model.RemovesSpaces ? text
            : _model.SpaceIsSuffix ? (text.EndsWith(' ') ? text[..^1] : text)
            : text.StartsWith(' ') ? text[1..]
            : text;
    }

    public string DecodeContinuation(ReadOnlySpan<int> tokens)
    {
        var bytes = new List<byte>(4 * tokens.Length);
        foreach (var token in tokens)
        {
            if (_addedById.TryGetValue(token, out var added))
            {
                bytes.AddRange(added.IsSpecial ? [] : Encoding.UTF8.GetBytes(added.Content));
            }
            else if (token >= 0 && token < _bytes.Length && _bytes[token] is { } spelled)
            {
                bytes.AddRange(spelled);
            }
            else if (token != PadToken)
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

    /// <summary>What is saved, by name: the model file, and the same as <c>tokenizer.json</c>, which other programs read first.</summary>
    internal ImmutableDictionary<string, byte[]> Files() => SentencePieceFiles.Written(this).Add("tokenizer.model", _file);

    private static int Size(int pieces, ImmutableArray<AddedToken> added, string source)
    {
        var size = Math.Max(pieces, 1 + added.Select(a => a.Id).DefaultIfEmpty(-1).Max());
        // A few ids may be free; a wild one would make tables of its size.
        return added.All(a => a.Id >= 0) && size <= 2 * (pieces + added.Length) + 1000
            ? size
            : throw new ModelFileException(
                $"{source}: {pieces} pieces and {added.Length} added tokens with ids up to {size - 1}; expected ids from 0 up."
            );
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
