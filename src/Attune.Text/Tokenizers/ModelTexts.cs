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
    private readonly ImmutableDictionary<string, byte[]>? _inMemory;

    private ModelTexts(string place, ImmutableDictionary<string, byte[]>? inMemory) => (Place, _inMemory) = (place, inMemory);

    /// <param name="place">A model folder, or a GGUF file.</param>
    /// <exception cref="ModelFileException">Neither, or the file is damaged.</exception>
    public static ModelTexts Of(string place) =>
        Directory.Exists(place) ? new ModelTexts(place, null)
        : File.Exists(place) ? new ModelTexts(place, GgufTexts.Of(GgufHeader.Read(place)))
        : throw new ModelFileException($"{place}: no such folder; expected one with a tokenizer's files, or a GGUF file.");

    /// <summary>The folder or the GGUF file.</summary>
    public string Place { get; }

    /// <summary>Whether there is a tokenizer among them.</summary>
    public bool HasTokenizer => TokenizerNames.Any(Has);

    /// <summary>The names of the files that a GGUF file makes; none for a folder.</summary>
    public IEnumerable<string> InMemory => _inMemory?.Keys.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>();

    /// <summary>Of a file, for messages.</summary>
    public string PathOf(string name) => Path.Combine(Place, name);

    public bool Has(string name) => _inMemory?.ContainsKey(name) ?? File.Exists(PathOf(name));

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
