using System.Collections.Immutable;
using System.Text;
using Attune.Core;
using Attune.Text.Tokenizers.Pipeline;
using Microsoft.ML.Tokenizers;

namespace Attune.Text.Tokenizers;

/// <summary>Byte-level byte-pair encoding as GPT-2 does it: any text has ids, and they give back the same text.</summary>
public sealed class BytePairTokenizer : ITokenizer
{
    private readonly BpeTokenizer _merger;
    private readonly byte[]?[] _bytes;
    private readonly HashSet<int> _special;

    /// <exception cref="ModelFileException">The vocabulary contradicts itself, or a special token has no id in it.</exception>
    public BytePairTokenizer(BytePairVocabulary vocabulary, SpecialTokens special)
        : this(vocabulary, special, "tokenizer") { }

    internal BytePairTokenizer(BytePairVocabulary vocabulary, SpecialTokens special, string source)
    {
        vocabulary.Check(source);
        Vocabulary = vocabulary;
        Special = special.Pad == special.End ? special with { Pad = null } : special;
        BeginToken = special.Begin is null ? null : IdOf(special.Begin, source);
        EndToken = IdOf(special.End, source);
        // GPT-2 pads with its end token; an id outside the vocabulary keeps the two apart.
        PadToken = Special.Pad is null ? vocabulary.Size : IdOf(Special.Pad, source);
        _special = [.. vocabulary.Special.Values];
        _bytes = new byte[]?[vocabulary.Size];
        foreach (var (spelling, id) in vocabulary.Tokens)
        {
            _bytes[id] =
                ByteLetters.Read(spelling)
                ?? throw new ModelFileException(
                    $"{source}: token {id}, '{spelling}', holds characters that stand for no byte; expected a byte-level vocabulary."
                );
        }

        _merger = BpeTokenizer.Create(
            new BpeOptions(vocabulary.Tokens)
            {
                Merges = vocabulary.Merges,
                ByteLevel = true,
                PreTokenizer = new Gpt2PreTokenizer(),
            }
        );
    }

    public BytePairVocabulary Vocabulary { get; }
    public SpecialTokens Special { get; }
    public int VocabularySize => Vocabulary.Size;
    public int? BeginToken { get; }
    public int EndToken { get; }
    public int PadToken { get; }

    public IReadOnlyCollection<string> SpecialTokens => [.. Vocabulary.Special.Keys];

    public int? FindSpecial(string token) => Vocabulary.Special.TryGetValue(token, out var id) ? id : null;

    /// <remarks>Half characters (lone surrogates), which no UTF-8 text holds, are read as U+FFFD.</remarks>
    public ImmutableArray<int> Encode(string text) =>
        [.. _merger.EncodeToIds(ValidUnicode.Of(text), considerPreTokenization: true, considerNormalization: false)];

    public string Spelling(int token) =>
        token >= 0 && token < _bytes.Length && _bytes[token] is { } spelled
            ? ByteLetters.Spell(spelled)
            : SpecialTokens.FirstOrDefault(t => FindSpecial(t) == token) ?? "\uFFFD";

    public EncodedText EncodeWithOffsets(string text)
    {
        var (ids, valid) = (Encode(text), ValidUnicode.Of(text));
        return new EncodedText(ids, ByteOffsets.Of(ids, id => _bytes[id], ByteOffsets.Places(valid), Encoding.UTF8.GetBytes(valid)));
    }

    public string Decode(ReadOnlySpan<int> tokens)
    {
        var bytes = new List<byte>(4 * tokens.Length);
        foreach (var token in tokens)
        {
            if (token >= 0 && token < _bytes.Length && _bytes[token] is { } spelled)
            {
                bytes.AddRange(spelled);
            }
            else if (token != PadToken && !_special.Contains(token))
            {
                bytes.AddRange("\uFFFD"u8);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    public void Save(string directory) => BytePairFiles.Save(this, directory);

    private int IdOf(string token, string source) =>
        FindSpecial(token)
        ?? throw new ModelFileException(
            $"{source}: the special token '{token}' is not in the vocabulary.{Suggestion.For(token, Vocabulary.Special.Keys)}"
        );
}
