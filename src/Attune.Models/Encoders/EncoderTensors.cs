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

    /// <summary>Attune's name, the file's name and the shape of each.</summary>
    internal static ImmutableArray<(string Own, string File, long[] Shape)> Of(EncoderConfig config)
    {
        var (family, width) = (config.Family, (long)config.Width);
        var all = ImmutableArray.CreateBuilder<(string, string, long[])>();
        void Affine(string own, string file, long outputs, long inputs)
        {
            all.Add(($"{own}.weight", $"{file}.weight", [outputs, inputs]));
            all.Add(($"{own}.bias", $"{file}.bias", [outputs]));
        }

        void Norm(string own, string file)
        {
            all.Add(($"{own}.weight", $"{file}.weight", [width]));
            all.Add(($"{own}.bias", $"{file}.bias", [width]));
        }

        all.Add(("words", $"{family}.embeddings.word_embeddings.weight", [config.VocabularySize, width]));
        all.Add(("positions", $"{family}.embeddings.position_embeddings.weight", [config.Positions, width]));
        if (config.TokenTypes > 0)
        {
            all.Add(("types", $"{family}.embeddings.token_type_embeddings.weight", [config.TokenTypes, width]));
        }

        Norm("norm", $"{family}.embeddings.LayerNorm");
        var (names, layers) = family == "distilbert" ? (Distilled, $"{family}.transformer.layer") : (Bert, $"{family}.encoder.layer");
        for (var i = 0; i < config.Layers; i++)
        {
            var (own, file) = ($"{i}.", $"{layers}.{i}.");
            Affine(own + "query", file + names.Query, width, width);
            Affine(own + "key", file + names.Key, width, width);
            Affine(own + "value", file + names.Value, width, width);
            Affine(own + "out", file + names.Out, width, width);
            Norm(own + "norm1", file + names.Norm1);
            Affine(own + "up", file + names.Up, config.HiddenWidth, width);
            Affine(own + "down", file + names.Down, width, config.HiddenWidth);
            Norm(own + "norm2", file + names.Norm2);
        }

        var (first, last) = family switch
        {
            "distilbert" => ("pre_classifier", "classifier"),
            "bert" => ("bert.pooler.dense", "classifier"),
            _ => ("classifier.dense", "classifier.out_proj"),
        };
        Affine("first", first, width, width);
        Affine("last", last, config.Labels.Length, width);
        return all.ToImmutable();
    }

    /// <summary>
    /// Whether a file may hold a tensor that is not read: numbers of positions, and a pooler that RoBERTa's classifier does not use.
    /// </summary>
    internal static bool IsUnused(string name) =>
        name.EndsWith("position_ids", StringComparison.Ordinal) || name.StartsWith("roberta.pooler.", StringComparison.Ordinal);
}
