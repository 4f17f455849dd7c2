using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Files;
using Attune.Text.Tokenizers.Pipeline;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers;

/// <summary>
/// A tokenizer as Hugging Face's <c>tokenizer.json</c> describes it: added tokens are taken out, the rest is normalised, cut into pieces,
/// and a model makes tokens of each. Special tokens are never made from text.
/// </summary>
public sealed class PipelineTokenizer : ITokenizer
{
    private static readonly string[] KeptFiles =
    [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "tokenizer.model",
        "added_tokens.json",
    ];
    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _cutter;
    private readonly PieceDecoder _decoder;
    private readonly AddedTokenFinder _plain;
    private readonly AddedTokenFinder _normalized;
    private readonly Dictionary<string, AddedToken> _special;
    private readonly Dictionary<int, AddedToken> _specialById;
    private readonly string?[] _spellings;
    private ImmutableArray<(string Name, byte[] Content)> _files = [];

    private PipelineTokenizer(JsonObject file, string path, ModelTexts? texts)
    {
        var reader = new PartReader(path);
        _normalizer = Normalizers.Read(file["normalizer"], reader);
        _cutter = PreTokenizers.Read(file["pre_tokenizer"], reader);
        Model = TokenizerModels.Read(file["model"], reader, path);
        _decoder = Decoders.Read(file["decoder"], reader);
        var added = AddedToken.Read(file, reader);
        Vocabulary = PipelineVocabulary.Of(Model, file, added);
        _special = added.Where(a => a.IsSpecial).ToDictionary(a => a.Content, StringComparer.Ordinal);
        _specialById = added.Where(a => a.IsSpecial).GroupBy(a => a.Id).ToDictionary(g => g.Key, g => g.First());
        _plain = new AddedTokenFinder(added.Where(a => !a.IsSpecial && !a.Normalized));
        _normalized = new AddedTokenFinder(
            added
                .Where(a => !a.IsSpecial && a.Normalized)
                .Select(a => a with { Content = _normalizer?.Invoke(a.Content, TextPlace.Start).Text ?? a.Content })
                .Where(a => a.Content.Length > 0)
        );
        _spellings = Spellings(added, path);
        var (begin, end) = TokenizerJson.Frame(file);
        if (begin.Length > 1)
        {
            throw reader.Wrong(
                $"the post-processor puts {begin.Length} tokens before a text ({string.Join(", ", begin)}); expected one at most."
            );
        }
        var usual = end.Concat(["<|endoftext|>", "</s>", "[SEP]"]).FirstOrDefault(_special.ContainsKey);
        Special = SpecialTokenFiles.Read(texts, usual, begin.FirstOrDefault(), path);
        if (Special.Pad == Special.End)
        {
            Special = Special with { Pad = null };
        }
        BeginToken = Special.Begin is null ? null : IdOf(Special.Begin, path);
        EndToken = IdOf(Special.End, path);
        PadToken = Special.Pad is null ? VocabularySize : IdOf(Special.Pad, path);
        foreach (var role in Special.Roles)
        {
            _specialById.TryAdd(IdOf(role, path), new AddedToken(IdOf(role, path), role, IsSpecial: true, false, false, false, false));
        }
    }

    /// <exception cref="ModelFileException">A part is of an unknown kind or contradicts another.</exception>
    internal static PipelineTokenizer Load(JsonObject file, string path, ModelTexts texts) =>
        new(file, path, texts)
        {
            // Written again as they were, so that other programs find everything in them that is not needed here.
            _files =
            [
                .. KeptFiles.Where(texts.Has).Select(name => (name, texts.Read(name))),
                .. texts.Has(KeptFiles[0]) ? [] : new[] { (KeptFiles[0], System.Text.Encoding.UTF8.GetBytes(file.ToJsonString())) },
            ],
        };

    public SpecialTokens Special { get; }
    public int VocabularySize => _spellings.Length;
    public int? BeginToken { get; }
    public int EndToken { get; }
    public int PadToken { get; }
    public IReadOnlyCollection<string> SpecialTokens => _special.Keys;
    internal ITokenizerModel Model { get; }

    /// <summary>How the vocabulary writes text, and what other programs need to cut it alike.</summary>
    public PipelineVocabulary Vocabulary { get; }

    public int? FindSpecial(string token) => _special.TryGetValue(token, out var found) ? found.Id : null;

    public ImmutableArray<int> Encode(string text) => Encode((AlignedText)ValidUnicode.Of(text), TextPlace.Start).ToIds();

    public ImmutableArray<int> EncodeContinuation(string text) => Encode((AlignedText)ValidUnicode.Of(text), TextPlace.Continued).ToIds();

    public ImmutableArray<int> EncodeAfter(int special, string text) =>
        Encode(After(special, (AlignedText)ValidUnicode.Of(text)), TextPlace.Inside).ToIds();

    public EncodedText EncodeWithOffsets(string text) => Trace(AlignedText.Traced(ValidUnicode.Of(text)), TextPlace.Start);

    public EncodedText EncodeContinuationWithOffsets(string text) => Trace(AlignedText.Traced(ValidUnicode.Of(text)), TextPlace.Continued);

    public EncodedText EncodeAfterWithOffsets(int special, string text) =>
        Trace(After(special, AlignedText.Traced(ValidUnicode.Of(text))), TextPlace.Inside);

    /// <summary>The special tokens, with the white space around them that they take.</summary>
    internal IEnumerable<AddedToken> SpecialAdded => _special.Values;

    public bool TakesSpaceBefore(int special) => _specialById.TryGetValue(special, out var token) && token.StripsLeft;

    public string Spelling(int token) => token >= 0 && token < _spellings.Length ? _spellings[token] ?? "\uFFFD" : "\uFFFD";

    public string Decode(ReadOnlySpan<int> tokens) => Decode(tokens, starts: true);

    public string DecodeContinuation(ReadOnlySpan<int> tokens) => Decode(tokens, starts: false);

    public void Save(string directory)
    {
        foreach (var (name, content) in _files)
        {
            AtomicFile.Write(Path.Combine(directory, name), stream => stream.Write(content));
        }
    }

    private AlignedText After(int special, AlignedText text)
    {
        var white =
            _specialById.TryGetValue(special, out var token) && token.StripsRight ? text.Text.Length - text.Text.TrimStart().Length : 0;
        return text.Slice(white, text.Text.Length - white);
    }

    private EncodedText Trace(AlignedText text, TextPlace place)
    {
        var sink = Encode(text, place, traced: true);
        return new EncodedText(sink.ToIds(), [.. sink.Spans], sink.Lost);
    }

    private TokenSink Encode(AlignedText text, TextPlace place, bool traced = false)
    {
        var sink = new TokenSink(traced, 4 + text.Text.Length / 3);
        foreach (var (start, end, token) in _plain.Find(text.Text))
        {
            var section = text.Slice(start, end - start);
            if (token is not null)
            {
                sink.Begin(section);
                sink.Add(token.Id, 0, end - start);
            }
            else
            {
                EncodeSection(section, place, sink);
            }
            place = TextPlace.Inside;
        }

        return sink;
    }

    private void EncodeSection(AlignedText section, TextPlace place, TokenSink sink)
    {
        var normal = _normalizer is null ? section : _normalizer(section, place);
        foreach (var (start, end, token) in _normalized.Find(normal.Text))
        {
            var part = normal.Slice(start, end - start);
            if (token is not null)
            {
                sink.Begin(part);
                sink.Add(token.Id, 0, end - start);
            }
            else
            {
                TextPiece[] whole = [new TextPiece(part, place)];
                foreach (var piece in _cutter is null ? whole : _cutter(whole))
                {
                    if (piece.Text.Length > 0)
                    {
                        sink.Begin(piece.Aligned);
                        Model.Encode(piece.Text, sink);
                    }
                }
            }

            place = TextPlace.Inside;
        }
    }

    private string Decode(ReadOnlySpan<int> tokens, bool starts)
    {
        var pieces = new List<string>(tokens.Length);
        foreach (var token in tokens)
        {
            if (token >= 0 && token < _spellings.Length && _spellings[token] is { } spelling)
            {
                if (!_specialById.ContainsKey(token))
                {
                    pieces.Add(spelling);
                }
            }
            else if (token != PadToken)
            {
                pieces.Add("\uFFFD");
            }
        }

        return pieces.Count == 0 ? "" : string.Concat(_decoder(pieces, starts));
    }

    private string?[] Spellings(ImmutableArray<AddedToken> added, string path)
    {
        var ids = Model.Vocabulary.Values.Concat(added.Select(a => a.Id)).ToList();
        // A few ids may be free; a wild one would make tables of its size.
        if (ids.Count == 0 || ids.Min() < 0 || ids.Max() > 2 * ids.Count + 1000)
        {
            throw new ModelFileException(
                $"{path}: {ids.Count} tokens have ids from {ids.DefaultIfEmpty(-1).Min()} to {ids.DefaultIfEmpty(-1).Max()}; "
                    + "expected ids from 0 up."
            );
        }
        var spellings = new string?[ids.Max() + 1];
        foreach (var (spelling, id) in Model.Vocabulary)
        {
            spellings[id] = spelling;
        }

        foreach (var token in added)
        {
            spellings[token.Id] = token.Content;
        }

        return spellings;
    }

    private int IdOf(string token, string path) =>
        FindSpecial(token)
        ?? (Model.Vocabulary.TryGetValue(token, out var id) ? id : null as int?)
        ?? throw new ModelFileException(
            $"{path}: the special token '{token}' is not in the vocabulary.{Suggestion.For(token, _special.Keys)}"
        );
}
