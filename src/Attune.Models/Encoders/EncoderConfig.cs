using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Models.Files;
using Attune.Models.Files.Fields;

namespace Attune.Models.Encoders;

/// <summary>
/// An encoder that classifies texts, as its <c>config.json</c> describes it: BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019) or
/// DistilBERT (Sanh et al. 2019).
/// </summary>
/// <param name="Family">bert, roberta or distilbert.</param>
/// <param name="FirstPosition">The position table's row of a text's first token: RoBERTa leaves those up to its padding token's id
/// unused.</param>
/// <param name="Positions">Rows of the position table.</param>
/// <param name="TokenTypes">Rows of the table of token types, of which the first is used; 0 for none.</param>
/// <param name="Labels">The names of the classes, in the order of the logits.</param>
public sealed record EncoderConfig(
    string Family,
    int VocabularySize,
    int Width,
    int Layers,
    int Heads,
    int HiddenWidth,
    int Positions,
    int FirstPosition,
    int TokenTypes,
    double NormEpsilon,
    ImmutableArray<string> Labels
)
{
    private static readonly string[] Families = ["bert", "roberta", "distilbert"];

    /// <summary>Longest text in tokens, with the two around it.</summary>
    public int ContextLength => Positions - FirstPosition;

    /// <summary>Whether a folder holds such a model; false where it holds another or none.</summary>
    public static bool Describes(string directory)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, ModelConfigFile.Name)));
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("model_type", out var family)
                && family.ValueKind == JsonValueKind.String
                && Families.Contains(family.GetString());
        }
        catch (Exception problem) when (problem is JsonException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <exception cref="ModelFileException">The file is absent, damaged, of another family, or its numbers do not fit together.</exception>
    public static EncoderConfig Read(string directory)
    {
        var path = Path.Combine(directory, ModelConfigFile.Name);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var fields = new ConfigFields(path, document.RootElement);
            var config = fields.Text("model_type") switch
            {
                "distilbert" => Distilled(fields, document.RootElement),
                "bert" => Bert(fields, document.RootElement, firstPosition: 0, epsilon: 1e-12),
                "roberta" => Bert(fields, document.RootElement, fields.Number("pad_token_id", 1) + 1, epsilon: 1e-5),
                var other => throw fields.Problem("model_type", $"is '{other}'; encoders that classify are {string.Join(", ", Families)}"),
            };
            return config.Problem() is { } problem ? throw new ModelFileException($"{path}: {problem}") : config;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read as JSON: {problem.Message}", problem);
        }
    }

    private static EncoderConfig Distilled(ConfigFields fields, JsonElement root)
    {
        fields.Require("activation", "gelu", "gelu");
        return new EncoderConfig(
            "distilbert",
            fields.Number("vocab_size"),
            fields.Number("dim"),
            fields.Number("n_layers"),
            fields.Number("n_heads"),
            fields.Number("hidden_dim"),
            fields.Number("max_position_embeddings"),
            FirstPosition: 0,
            TokenTypes: 0,
            NormEpsilon: 1e-12,
            LabelsOf(fields, root)
        );
    }

    private static EncoderConfig Bert(ConfigFields fields, JsonElement root, int firstPosition, double epsilon)
    {
        fields.Require("hidden_act", "gelu", "gelu");
        fields.Require("position_embedding_type", "absolute", "absolute");
        return new EncoderConfig(
            fields.Text("model_type"),
            fields.Number("vocab_size"),
            fields.Number("hidden_size"),
            fields.Number("num_hidden_layers"),
            fields.Number("num_attention_heads"),
            fields.Number("intermediate_size"),
            fields.Number("max_position_embeddings"),
            firstPosition,
            fields.Number("type_vocab_size", 2),
            fields.Real("layer_norm_eps", epsilon),
            LabelsOf(fields, root)
        );
    }

    /// <summary>The names under id2label; without it LABEL_0 and so on, two where their number is not given either.</summary>
    private static ImmutableArray<string> LabelsOf(ConfigFields fields, JsonElement root)
    {
        if (!fields.Has("id2label"))
        {
            return [.. Enumerable.Range(0, Math.Clamp(fields.Number("num_labels", 2), 1, 10_000)).Select(i => $"LABEL_{i}")];
        }

        var names = root.GetProperty("id2label");
        if (
            names.ValueKind != JsonValueKind.Object
            || names.EnumerateObject().Select(n => n.Name).ToArray() is not { Length: > 0 } keys
            || !Enumerable
                .Range(0, keys.Length)
                .All(i => names.TryGetProperty($"{i}", out var name) && name.ValueKind == JsonValueKind.String)
        )
        {
            throw fields.Problem("id2label", "names no classes; expected an object with the keys \"0\", \"1\" and so on, and their names");
        }

        return [.. Enumerable.Range(0, keys.Length).Select(i => names.GetProperty($"{i}").GetString()!)];
    }

    private string? Problem() =>
        new[] { VocabularySize, Width, Layers, Heads, HiddenWidth, Positions }.Any(n => n < 1) ? "every size must be at least 1."
        : Width % Heads != 0 ? $"{Heads} heads do not divide a width of {Width}."
        : ContextLength < 3 ? $"{Positions} positions from the {FirstPosition}th leave no room for a text."
        : null;
}
