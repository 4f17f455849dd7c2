using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers;

/// <summary>
/// Each letter is a token, and nothing but these letters can be written: the tokenizer of languages so small that all their texts can be
/// counted. Padding lies outside the vocabulary.
/// </summary>
public sealed class LetterTokenizer : ITokenizer
{
    private readonly FrozenDictionary<char, int> _ids;
    private readonly string _letters; // by id, '\0' at the end token
    private readonly string _end;

    /// <param name="letters">Letters in the order of their ids, which begin at 1; the end token has 0.</param>
    /// <param name="end">Text of the end token.</param>
    public LetterTokenizer(string letters, string end)
    {
        if (letters.Length == 0 || letters.Distinct().Count() != letters.Length || letters.Any(char.IsSurrogate))
        {
            throw new ArgumentException($"the letters are '{letters}'; expected at least one, each once.", nameof(letters));
        }

        (_letters, _end) = ("\0" + letters, end);
        _ids = letters.Select((letter, i) => KeyValuePair.Create(letter, i + 1)).ToFrozenDictionary();
    }

    public int VocabularySize => _letters.Length;
    public int? BeginToken => null;
    public int EndToken => 0;
    public int PadToken => _letters.Length;

    public IReadOnlyCollection<string> SpecialTokens => [_end];

    public int? FindSpecial(string token) => token == _end ? EndToken : null;

    /// <exception cref="DataException">A letter that the language does not have.</exception>
    public ImmutableArray<int> Encode(string text) =>
        [
            .. text.Select(letter =>
                _ids.TryGetValue(letter, out var id)
                    ? id
                    : throw new DataException(
                        $"'{text}' holds the letter '{letter}', which this language does not have; expected only "
                            + $"{string.Join(' ', _letters[1..].AsEnumerable())}."
                    )
            ),
        ];

    public EncodedText EncodeWithOffsets(string text) => new(Encode(text), [.. Enumerable.Range(0, text.Length).Select(i => (i, i + 1))]);

    public string Decode(ReadOnlySpan<int> tokens)
    {
        var text = new StringBuilder(tokens.Length);
        foreach (var token in tokens)
        {
            if (token > 0 && token < _letters.Length)
            {
                text.Append(_letters[token]);
            }
            else if (token != EndToken && token != PadToken)
            {
                text.Append('\uFFFD');
            }
        }

        return text.ToString();
    }

    /// <summary>
    /// Writes tokenizer.json as Hugging Face's library reads it: a word-level model over texts split into single letters.
    /// </summary>
    public void Save(string directory)
    {
        JsonFile.Write(
            Path.Combine(directory, "tokenizer.json"),
            new JsonObject
            {
                ["version"] = "1.0",
                ["truncation"] = null,
                ["padding"] = null,
                ["added_tokens"] = new JsonArray(TokenizerJson.Added(_end, EndToken)),
                ["normalizer"] = null,
                ["pre_tokenizer"] = new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = "." },
                    ["behavior"] = "Isolated",
                    ["invert"] = false,
                },
                ["post_processor"] = null,
                ["decoder"] = new JsonObject { ["type"] = "Fuse" },
                ["model"] = new JsonObject
                {
                    ["type"] = "WordLevel",
                    ["vocab"] = Vocabulary(),
                    ["unk_token"] = "<unk>",
                },
            }
        );
        JsonFile.Write(
            Path.Combine(directory, "tokenizer_config.json"),
            new JsonObject
            {
                ["eos_token"] = _end,
                ["add_bos_token"] = false,
                ["tokenizer_class"] = "PreTrainedTokenizerFast",
            }
        );
    }

    private JsonObject Vocabulary()
    {
        var vocabulary = new JsonObject { [_end] = EndToken };
        foreach (var (letter, id) in _ids.OrderBy(i => i.Value))
        {
            vocabulary[letter.ToString()] = id;
        }

        return vocabulary;
    }

    /// <summary>True where the file holds a word-level model of single letters, which is what this class reads.</summary>
    internal static bool IsLetters(JsonObject file) =>
        JsonFile.Type(file["model"]) == "WordLevel"
        && JsonFile.Type(file["pre_tokenizer"]) == "Split"
        && JsonFile.Token(file["pre_tokenizer"]!["pattern"]?["Regex"]) == ".";

    /// <exception cref="ModelFileException">The ids are not 0 for the end token and 1, 2, ... for letters.</exception>
    internal static LetterTokenizer Read(JsonObject file, string path)
    {
        var ids = JsonFile.Ids(
            file["model"]!["vocab"] as JsonObject
                ?? throw new ModelFileException($"{path}: model.vocab is missing; expected an object of letters and ids."),
            path
        );
        var ordered = ids.OrderBy(t => t.Value).ToArray();
        return
            ordered.Length > 1
            && ordered.Select(t => t.Value).SequenceEqual(Enumerable.Range(0, ordered.Length))
            && ordered[1..].All(t => t.Key.Length == 1)
            ? new LetterTokenizer(string.Concat(ordered[1..].Select(t => t.Key)), ordered[0].Key)
            : throw new ModelFileException(
                $"{path}: the vocabulary of a letter tokenizer has the end token at 0 and one letter at each of 1, 2, ...; "
                    + $"found {ids.Count} tokens that do not."
            );
    }
}
