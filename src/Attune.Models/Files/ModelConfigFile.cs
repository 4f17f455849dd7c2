using System.Globalization;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Models.Configuration;
using Attune.Models.Files.Families;
using Attune.Models.Files.Fields;
using Attune.Models.Gguf;
using Attune.Models.Weights;

namespace Attune.Models.Files;

/// <summary>
/// Reads and writes the <c>config.json</c> of a model folder, for GPT-2, GPT-NeoX and the families of
/// <see cref="LlamaFamily"/>.
/// </summary>
public static class ModelConfigFile
{
    public const string Name = "config.json";

    private static string Names { get; } = string.Join(", ", LlamaFamily.All.Select(f => f.Name).Prepend("gpt2")) + " and " + GptNeox.Name;

    /// <param name="directory">A model folder, or a GGUF file.</param>
    /// <exception cref="ModelFileException">The file is absent, damaged, of an unsupported family, or its numbers do not fit
    /// together.</exception>
    public static TransformerConfig Read(string directory)
    {
        if (GgufFile.IsOne(directory))
        {
            using var file = new GgufFile(directory);
            return GgufImport.ConfigOf(file);
        }

        var path = Path.Combine(directory, Name);
        if (!File.Exists(path))
        {
            throw new ModelFileException($"{directory} has no {Name}; expected a model folder in Hugging Face layout.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var fields = new ConfigFields(path, document.RootElement);
            var config = Read(fields, fields.Text("model_type"));
            return config.Problems().ToArray() is { Length: > 0 } problems
                ? throw new ModelFileException($"{path}: {string.Join(" ", problems)}")
                : config;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read as JSON: {problem.Message}", problem);
        }
    }

    private static TransformerConfig Read(ConfigFields fields, string family) =>
        family switch
        {
            "gpt2" => Gpt2Fields.Read(fields),
            GptNeox.Name => GptNeox.Read(fields),
            _ when LlamaFamily.Find(family) is { } found => LlamaFields.Read(fields, found),
            "bert" or "roberta" or "distilbert" => throw fields.Problem(
                "model_type",
                $"is '{family}', an encoder: it reads texts for a reward, and writes none. Expected a model that writes ({Names})"
            ),
            _ => throw fields.Problem("model_type", $"is '{family}'; supported are {Names}"),
        };

    /// <summary>Writes <c>config.json</c>, whole or not at all.</summary>
    /// <param name="labels">of a head of classes, in their order</param>
    public static void Write(
        string directory,
        TransformerConfig config,
        HeadKind head,
        WeightType type,
        IReadOnlyList<string>? labels = null
    )
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue(Architecture(config.Family, head));
            json.WriteEndArray();
            json.WriteString("model_type", config.Family);
            WriteFamily(json, config);
            json.WriteBoolean("tie_word_embeddings", config.TiedHead);
            json.WriteString("torch_dtype", type == WeightType.F32 ? "float32" : "bfloat16");
            WriteLabels(json, head, labels);
            json.WriteEndObject();
        }

        AtomicFile.Write(Path.Combine(directory, Name), file => buffer.WriteTo(file));
    }

    private static void WriteFamily(Utf8JsonWriter json, TransformerConfig config)
    {
        if (LlamaFamily.Find(config.Family) is { } family)
        {
            LlamaFields.Write(json, config, family);
        }
        else if (config.Family == GptNeox.Name)
        {
            GptNeox.Write(json, config);
        }
        else
        {
            Gpt2Fields.Write(json, config);
        }
    }

    private static void WriteLabels(Utf8JsonWriter json, HeadKind head, IReadOnlyList<string>? labels)
    {
        if (head == HeadKind.Score)
        {
            json.WriteNumber("num_labels", 1);
        }
        else if (labels is not null)
        {
            json.WriteStartObject("id2label");
            foreach (var (index, label) in labels.Index())
            {
                json.WriteString(index.ToString(CultureInfo.InvariantCulture), label);
            }

            json.WriteEndObject();
        }
    }

    /// <summary>The class in transformers that reads it.</summary>
    private static string Architecture(string family, HeadKind head)
    {
        var (name, language) = family switch
        {
            "gpt2" => ("GPT2", "GPT2LMHeadModel"),
            GptNeox.Name => ("GPTNeoX", "GPTNeoXForCausalLM"),
            _ when LlamaFamily.Find(family) is { Class: var own } => (own, own + "ForCausalLM"),
            _ => throw new ArgumentOutOfRangeException(nameof(family), family, "no family of this name"),
        };
        return head switch
        {
            HeadKind.Language => language,
            HeadKind.Classes => name + "ForTokenClassification",
            _ => name + "ForSequenceClassification",
        };
    }
}
