using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Models.Files;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Encoders;

/// <summary>Folders of encoders in Hugging Face layout: classifiers, and encoders alone, whose tensors lack the family's name.</summary>
internal static class EncoderFiles
{
    private const int MostListed = 5;

    // transformers' initializer_range of these families.
    private const double FreshDeviation = 0.02;

    internal static EncoderClassifier Load(string directory)
    {
        var config = EncoderConfig.Read(directory);
        using var folder = new WeightFolder(directory);
        return Read(directory, config, folder, fresh: null);
    }

    internal static EncoderClassifier LoadOrBegin(string directory, ImmutableArray<string> labels, Seed seed)
    {
        var config = EncoderConfig.Read(directory);
        using var folder = new WeightFolder(directory);
        return HasHead(config, folder)
            ? Read(directory, config, folder, fresh: null)
            : Read(directory, config with { Labels = labels }, folder, seed);
    }

    internal static bool HasHead(string directory)
    {
        using var folder = new WeightFolder(directory);
        return HasHead(EncoderConfig.Read(directory), folder);
    }

    private static bool HasHead(EncoderConfig config, WeightFolder folder) =>
        EncoderTensors.Of(config).Any(t => t.Own == "last.weight" && folder.ShapeOf(t.File) is not null);

    /// <param name="fresh">The seed of a head that the folder lacks; null where it must have one.</param>
    private static EncoderClassifier Read(string directory, EncoderConfig config, WeightFolder folder, Seed? fresh)
    {
        var tensors = EncoderTensors.Of(config);
        string NameOf(EncoderTensor tensor) =>
            folder.ShapeOf(tensor.File) is null && folder.ShapeOf(tensor.Bare) is not null ? tensor.Bare : tensor.File;
        var names = tensors.ToDictionary(t => t.Own, NameOf);
        // Names and shapes first: a configuration that lies must not make us allocate what it claims.
        Compare(directory, config, folder, tensors, names, mayBegin: fresh is not null);
        var model = new EncoderClassifier(config);
        try
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            foreach (var part in tensors)
            {
                using var inner = NewDisposeScope();
                var values = folder.ShapeOf(names[part.Own]) is not null ? folder.Read(names[part.Own]) : Fresh(part, fresh!.Value);
                model.Weights.ExactOf(part.Own).copy_(tensor(values, part.Shape));
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Compare(
        string directory,
        EncoderConfig config,
        WeightFolder folder,
        ImmutableArray<EncoderTensor> tensors,
        Dictionary<string, string> names,
        bool mayBegin
    )
    {
        string[] problems =
        [
            .. tensors.Where(t => folder.ShapeOf(names[t.Own]) is null && !(mayBegin && t.OfHead)).Select(t => $"'{t.File}' is missing"),
            .. tensors
                .Where(t => folder.ShapeOf(names[t.Own]) is { } shape && !shape.AsSpan().SequenceEqual(t.Shape))
                .Select(t =>
                    $"'{names[t.Own]}' is [{string.Join(", ", folder.ShapeOf(names[t.Own])!)}], expected [{string.Join(", ", t.Shape)}]"
                ),
            .. folder
                .Names.Except(names.Values)
                .Where(n => !EncoderTensors.IsUnused(n) && !(mayBegin && EncoderTensors.IsOfAnotherHead(n)))
                .Select(n => $"'{n}' is not part of a {config.Family} classifier"),
        ];
        if (problems.Length > 0)
        {
            throw new ModelFileException(
                $"{directory}: the weights are not those of the {config.Family} classifier that config.json describes: "
                    + $"{string.Join("; ", problems.Take(MostListed))}"
                    + (problems.Length > MostListed ? $"; and {problems.Length - MostListed} more." : ".")
            );
        }
    }

    private static float[] Fresh(EncoderTensor part, Seed seed)
    {
        var values = new float[part.Shape.Aggregate(1L, (product, side) => product * side)];
        if (part.Shape.Length > 1)
        {
            var rng = seed.For("initial " + part.Own).Rng();
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)(FreshDeviation * rng.NextNormal());
            }
        }

        return values;
    }

    internal static void Save(EncoderClassifier model, string directory)
    {
        Directory.CreateDirectory(directory);
        SafeTensorsWriter.Write(
            Path.Combine(directory, WeightFolder.SingleFile),
            [
                .. EncoderTensors
                    .Of(model.Config)
                    .Select(t => new SafeTensorsSource(t.File, [.. t.Shape], () => Values(model.Weights, t.Own))),
            ],
            WeightType.F32
        );
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            WriteConfig(json, model.Config);
        }

        AtomicFile.Write(Path.Combine(directory, ModelConfigFile.Name), file => buffer.WriteTo(file));
    }

    private static float[] Values(FlatParameters weights, string name)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return weights.ExactOf(name).cpu().contiguous().data<float>().ToArray();
    }

    private static void WriteConfig(Utf8JsonWriter json, EncoderConfig config)
    {
        var (family, distilled) = (config.Family, config.Family == "distilbert");
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue(
            family switch
            {
                "bert" => "BertForSequenceClassification",
                "roberta" => "RobertaForSequenceClassification",
                _ => "DistilBertForSequenceClassification",
            }
        );
        json.WriteEndArray();
        json.WriteString("model_type", family);
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber(distilled ? "dim" : "hidden_size", config.Width);
        json.WriteNumber(distilled ? "n_layers" : "num_hidden_layers", config.Layers);
        json.WriteNumber(distilled ? "n_heads" : "num_attention_heads", config.Heads);
        json.WriteNumber(distilled ? "hidden_dim" : "intermediate_size", config.HiddenWidth);
        json.WriteNumber("max_position_embeddings", config.Positions);
        json.WriteString(distilled ? "activation" : "hidden_act", "gelu");
        if (!distilled)
        {
            json.WriteNumber("type_vocab_size", config.TokenTypes);
            json.WriteNumber("layer_norm_eps", config.NormEpsilon);
            json.WriteNumber("pad_token_id", family == "roberta" ? config.FirstPosition - 1 : 0);
        }

        WriteLabels(json, config.Labels);
        json.WriteString("torch_dtype", "float32");
        json.WriteEndObject();
    }

    private static void WriteLabels(Utf8JsonWriter json, ImmutableArray<string> labels)
    {
        json.WriteStartObject("id2label");
        for (var i = 0; i < labels.Length; i++)
        {
            json.WriteString($"{i}", labels[i]);
        }

        json.WriteEndObject();
        json.WriteStartObject("label2id");
        foreach (var (label, i) in labels.Select((label, i) => (label, i)).DistinctBy(l => l.label))
        {
            json.WriteNumber(label, i);
        }

        json.WriteEndObject();
    }
}
