using System.Collections.Immutable;

namespace Attune.Models.Encoders;

/// <summary>The tensors of an encoder's file under their Hugging Face names.</summary>
internal static class EncoderTensors
{
    /// <summary>What a family calls the parts of a layer.</summary>
    private sealed record Names(string Query, string Key, string Value, string Out, string Norm1, string Up, string Down, string Norm2);

    private static readonly Names Distilled = new(
        "attention.q_lin",
        "attention.k_lin",
        "attention.v_lin",
        "attention.out_lin",
        "sa_layer_norm",
        "ffn.lin1",
        "ffn.lin2",
        "output_layer_norm"
    );

    private static readonly Names Bert = new(
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "attention.output.LayerNorm",
        "intermediate.dense",
        "output.dense",
        "output.LayerNorm"
    );

    /// <summary>Attune's name, the file's name and the shape of each, the head last.</summary>
    internal static ImmutableArray<EncoderTensor> Of(EncoderConfig config) =>
        [
            .. Embeddings(config).Select(t => new EncoderTensor(t.Own, t.File, t.Shape, OfHead: false)),
            .. Enumerable
                .Range(0, config.Layers)
                .SelectMany(i => Layer(config, i))
                .Select(t => new EncoderTensor(t.Own, t.File, t.Shape, false)),
            .. Head(config).Select(t => new EncoderTensor(t.Own, t.File, t.Shape, OfHead: true)),
        ];

    private static IEnumerable<(string Own, string File, long[] Shape)> Embeddings(EncoderConfig config)
    {
        var (prefix, width) = ($"{config.Family}.embeddings", (long)config.Width);
        return
        [
            ("words", $"{prefix}.word_embeddings.weight", [config.VocabularySize, width]),
            ("positions", $"{prefix}.position_embeddings.weight", [config.Positions, width]),
            .. config.TokenTypes == 0
                ? Array.Empty<(string, string, long[])>()
                : [("types", $"{prefix}.token_type_embeddings.weight", [config.TokenTypes, width])],
            .. Norm("embeddingNorm", $"{prefix}.LayerNorm", width),
        ];
    }

    private static IEnumerable<(string Own, string File, long[] Shape)> Layer(EncoderConfig config, int index)
    {
        var (names, layers) =
            config.Family == "distilbert" ? (Distilled, "distilbert.transformer.layer") : (Bert, $"{config.Family}.encoder.layer");
        var (own, file, width) = ($"layers.{index}.", $"{layers}.{index}.", (long)config.Width);
        return
        [
            .. Affine(own + "query", file + names.Query, width, width),
            .. Affine(own + "key", file + names.Key, width, width),
            .. Affine(own + "value", file + names.Value, width, width),
            .. Affine(own + "out", file + names.Out, width, width),
            .. Norm(own + "norm1", file + names.Norm1, width),
            .. Affine(own + "up", file + names.Up, config.HiddenWidth, width),
            .. Affine(own + "down", file + names.Down, width, config.HiddenWidth),
            .. Norm(own + "norm2", file + names.Norm2, width),
        ];
    }

    private static IEnumerable<(string Own, string File, long[] Shape)> Head(EncoderConfig config)
    {
        var (first, last) = config.Family switch
        {
            "distilbert" => ("pre_classifier", "classifier"),
            "bert" => ("bert.pooler.dense", "classifier"),
            _ => ("classifier.dense", "classifier.out_proj"),
        };
        return [.. Affine("first", first, config.Width, config.Width), .. Affine("last", last, config.Labels.Length, config.Width)];
    }

    private static (string, string, long[])[] Affine(string own, string file, long outputs, long inputs) =>
        [($"{own}.weight", $"{file}.weight", [outputs, inputs]), ($"{own}.bias", $"{file}.bias", [outputs])];

    private static (string, string, long[])[] Norm(string own, string file, long width) =>
        [($"{own}.weight", $"{file}.weight", [width]), ($"{own}.bias", $"{file}.bias", [width])];

    /// <summary>
    /// Whether a file may hold a tensor that is not read: numbers of positions, and a pooler that RoBERTa's classifier does not use.
    /// </summary>
    internal static bool IsUnused(string name) =>
        name.EndsWith("position_ids", StringComparison.Ordinal)
        || name.StartsWith("roberta.pooler.", StringComparison.Ordinal)
        || name.StartsWith("pooler.", StringComparison.Ordinal);

    /// <summary>Whether it belongs to the head that an encoder was pretrained with.</summary>
    internal static bool IsOfAnotherHead(string name) => OtherHeads.Any(head => name.StartsWith(head, StringComparison.Ordinal));

    private static readonly string[] OtherHeads = ["cls.", "lm_head.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector."];
}

/// <summary>A tensor of an encoder.</summary>
/// <param name="Own">Attune's name.</param>
/// <param name="File">Its name in a classifier's file; an encoder's alone has it without the family before it.</param>
/// <param name="OfHead">It belongs to the classifier's head, BERT's pooler included.</param>
internal sealed record EncoderTensor(string Own, string File, long[] Shape, bool OfHead)
{
    /// <summary>The name in the file of an encoder without a head.</summary>
    internal string Bare => File[(File.IndexOf('.') + 1)..];
}
