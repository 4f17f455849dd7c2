using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Text.Files;
using Attune.Text.Gguf;

namespace Attune.Text.Tokenizers;

/// <summary>
/// The text files of a model: those of a folder, or those that a GGUF file's tokenizer and template make, which stay in memory.
/// </summary>
public sealed class ModelTexts
{
    private static readonly string[] TokenizerNames = ["tokenizer.json", "tokenizer.model", "vocab.json", WordPieceFiles.Name];
    private static readonly string[] Companions = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];
    private readonly ImmutableDictionary<string, byte[]>? _inMemory;

    // A tokenizer's file that was named itself, under the name that it has in a folder.
    private readonly string? _only;

    private ModelTexts(string place, ImmutableDictionary<string, byte[]>? inMemory, string? only = null) =>
        (Place, _inMemory, _only) = (place, inMemory, only);

    /// <param name="place">A model folder, a GGUF file, or a tokenizer's own file (.json, .model, .txt), with those beside it that say
    /// which special token plays which role, where it has the usual name.</param>
    /// <exception cref="ModelFileException">None of these, or the file is damaged.</exception>
    public static ModelTexts Of(string place) =>
        Directory.Exists(place) ? new ModelTexts(place, null)
        : !File.Exists(place)
            ? throw new ModelFileException(
                $"{place}: no such folder or file; expected a folder with a tokenizer's files, a GGUF file, a tokenizer.json, a "
                    + "SentencePiece .model file, or BERT's vocab.txt."
            )
        : UsualName(place) is { } name ? new ModelTexts(place, null, name)
        : OfGguf(place);

    private static ModelTexts OfGguf(string place)
    {
        var header = GgufHeader.Read(place);
        return new ModelTexts(place, GgufTexts.Of(header))
        {
            EndsTexts = header.Fields.GetValueOrDefault("tokenizer.ggml.add_eos_token") is true,
        };
    }

    private static string? UsualName(string file) =>
        Path.GetExtension(file).ToUpperInvariant() switch
        {
            ".JSON" => "tokenizer.json",
            ".MODEL" => "tokenizer.model",
            ".TXT" => WordPieceFiles.Name,
            _ => null,
        };

    /// <summary>The folder or the file.</summary>
    public string Place { get; }

    /// <summary>A GGUF file says that texts end with the end token.</summary>
    internal bool EndsTexts { get; private init; }

    /// <summary>Whether there is a tokenizer among them.</summary>
    public bool HasTokenizer => TokenizerNames.Any(Has);

    /// <summary>The names of the files that a GGUF file makes; none for a folder.</summary>
    public IEnumerable<string> InMemory => _inMemory?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>();

    /// <summary>Of a file, for messages.</summary>
    public string PathOf(string name) =>
        _only is null ? Path.Combine(Place, name)
        : name == _only ? Place
        : Path.Combine(Path.GetDirectoryName(Path.GetFullPath(Place))!, name);

    public bool Has(string name) =>
        _inMemory?.ContainsKey(name)
        ?? (
            _only is null || name == _only || (Path.GetFileName(Place) == _only && Companions.Contains(name))
                ? File.Exists(PathOf(name))
                : false
        );

    /// <exception cref="ModelFileException">No such file, or it cannot be read.</exception>
    public byte[] Read(string name)
    {
        if (_inMemory is not null)
        {
            return _inMemory.TryGetValue(name, out var bytes) ? bytes : throw new ModelFileException($"{PathOf(name)}: no such file.");
        }

        try
        {
            return File.ReadAllBytes(PathOf(name));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{PathOf(name)}: cannot be read: {problem.Message}", problem);
        }
    }

    internal JsonObject? JsonIfThere(string name) => Has(name) ? JsonFile.Parse(Read(name), PathOf(name)) : null;
}
