using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Models.Weights;

namespace Attune.Models.Configuration;

/// <summary>Reads and writes the <c>config.json</c> of a model folder, for the families gpt2, llama, mistral and qwen2.</summary>
public static class ModelConfigFile
{
    public const string Name = "config.json";

    /// <param name="directory">A model folder.</param>
    /// <exception cref="ModelFileException">The file is absent, damaged, of an unsupported family, or its numbers do not fit together.</exception>
    public static TransformerConfig Read(string directory)
    {
        var path = Path.Combine(directory, Name);
        if (!File.Exists(path))
        {
            throw new ModelFileException($"{directory} has no {Name}; expected a model folder in Hugging Face layout.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var fields = new ConfigFields(path, document.RootElement);
            var config = fields.Text("model_type") switch
            {
                "gpt2" => Gpt2(fields),
                "llama" => Llama(fields, "llama"),
                "mistral" => Llama(fields, "mistral"),
                "qwen2" => Llama(fields, "qwen2"),
                var other => throw fields.Problem("model_type", $"is '{other}'; supported are gpt2, llama, mistral and qwen2"),
            };
            return config.Problems().ToArray() is { Length: > 0 } problems ? throw new ModelFileException($"{path}: {string.Join(" ", problems)}") : config;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read as JSON: {problem.Message}", problem);
        }
    }

    /// <summary>Writes <c>config.json</c>, whole or not at all.</summary>
    public static void Write(string directory, TransformerConfig config, HeadKind head, WeightType type)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteStartArray("architectures");
            json.WriteStringValue(Architecture(config.Family, head));
            json.WriteEndArray();
            json.WriteString("model_type", config.Family);
            if (config.Family == "gpt2")
            {
                WriteGpt2(json, config);
            }
            else
            {
                WriteLlama(json, config);
            }

            json.WriteBoolean("tie_word_embeddings", config.TiedHead);
            json.WriteString("torch_dtype", type == WeightType.F32 ? "float32" : "bfloat16");
            if (head == HeadKind.Score)
            {
                json.WriteNumber("num_labels", 1);
            }

            json.WriteEndObject();
        }

        AtomicFile.Write(Path.Combine(directory, Name), file => buffer.WriteTo(file));
    }

    private static TransformerConfig Gpt2(ConfigFields fields)
    {
        fields.Require("activation_function", "gelu_new", "gelu_new", "gelu_pytorch_tanh");
        fields.Refuse("scale_attn_by_inverse_layer_idx", "add_cross_attention");
        fields.Require("scale_attn_weights", true);
        var width = fields.Number("n_embd");
        return TransformerConfig.Gpt2(fields.Number("vocab_size"), width, fields.Number("n_layer"), fields.Number("n_head"), fields.Number("n_positions")) with
        {
            HiddenWidth = fields.Number("n_inner", 4 * width),
            NormEpsilon = fields.Real("layer_norm_epsilon", 1e-5),
            TiedHead = fields.Flag("tie_word_embeddings", true),
        };
    }

    private static TransformerConfig Llama(ConfigFields fields, string family)
    {
        fields.Require("hidden_act", "silu", "silu");
        fields.Refuse("attention_bias", "mlp_bias");
        fields.RefuseRopeScaling();
        var heads = fields.Number("num_attention_heads");
        var context = fields.Number("max_position_embeddings");
        var config = TransformerConfig.Llama(
            fields.Number("vocab_size"), fields.Number("hidden_size"), fields.Number("num_hidden_layers"), heads,
            fields.Number("num_key_value_heads", heads), fields.Number("intermediate_size"), fields.Window(context)) with
        {
            Family = family,
            Biases = family == "qwen2" ? BiasKind.QueryKeyValue : BiasKind.None,
            NormEpsilon = fields.Real("rms_norm_eps", 1e-6),
            RopeTheta = fields.RopeTheta(),
            TiedHead = fields.Flag("tie_word_embeddings", false),
        };
        var own = fields.Number("head_dim", config.Heads > 0 ? config.HeadWidth : 0);
        return config.Heads > 0 && own != config.HeadWidth
            ? throw fields.Problem("head_dim", $"is {own}; supported is hidden_size / num_attention_heads, {config.HeadWidth}")
            : config;
    }

    private static void WriteGpt2(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber("n_positions", config.ContextLength);
        json.WriteNumber("n_ctx", config.ContextLength);
        json.WriteNumber("n_embd", config.Width);
        json.WriteNumber("n_layer", config.Layers);
        json.WriteNumber("n_head", config.Heads);
        json.WriteNumber("n_inner", config.HiddenWidth);
        json.WriteString("activation_function", "gelu_new");
        json.WriteNumber("layer_norm_epsilon", config.NormEpsilon);
        foreach (var dropout in new[] { "resid_pdrop", "embd_pdrop", "attn_pdrop" })
        {
            json.WriteNumber(dropout, 0);
        }
    }

    private static void WriteLlama(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteNumber("vocab_size", config.VocabularySize);
        json.WriteNumber("hidden_size", config.Width);
        json.WriteNumber("intermediate_size", config.HiddenWidth);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_attention_heads", config.Heads);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeads);
        json.WriteNumber("max_position_embeddings", config.ContextLength);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("rms_norm_eps", config.NormEpsilon);
        json.WriteNumber("rope_theta", config.RopeTheta);
        json.WriteNumber("attention_dropout", 0);
    }

    private static string Architecture(string family, HeadKind head) => (family, head) switch
    {
        ("gpt2", HeadKind.Language) => "GPT2LMHeadModel",
        ("gpt2", _) => "GPT2ForSequenceClassification",
        (_, HeadKind.Language) => $"{char.ToUpperInvariant(family[0])}{family[1..]}ForCausalLM",
        _ => $"{char.ToUpperInvariant(family[0])}{family[1..]}ForSequenceClassification",
    };
}
