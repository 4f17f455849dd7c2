using Attune.Core;
using Attune.Models.Configuration;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>The shape of the model in a GGUF file.</summary>
internal static class GgufConfig
{
    internal const string ExpertWidth = "expert_feed_forward_length";

    /// <exception cref="ModelFileException">It is of an architecture or a variant that is not read, or its numbers do not fit
    /// together.</exception>
    internal static TransformerConfig Read(GgufHeader file, Func<string, float[]> read)
    {
        var fields = new GgufFields(file);
        if (!GgufArchitecture.Names.Contains(fields.Architecture))
        {
            throw fields.Wrong(
                $"general.architecture is '{fields.Architecture}'; supported are {string.Join(", ", GgufArchitecture.Names)}"
            );
        }

        if (Unread(fields) is { } unread)
        {
            throw fields.Wrong($"{unread}, which GGUF import does not support; pull the original in Hugging Face layout");
        }

        var words = file.Entries.GetValueOrDefault("token_embd.weight");
        var vocabulary = (int)Math.Min(words?.Shape[0] ?? throw fields.Wrong("it has no tensor 'token_embd.weight'"), int.MaxValue);
        var config = (fields.Architecture == "gpt2" ? Gpt2(fields, vocabulary) : Rotary(fields, vocabulary)) with
        {
            TiedHead = !fields.HasTensor("output.weight"),
        };
        Require(fields, config);
        config = GgufArchitecture.Read(fields, config);
        config = fields.Architecture == "gpt2" ? config : GgufRope.Read(fields, config, read);
        Require(fields, config);
        return config;
    }

    private static void Require(GgufFields fields, TransformerConfig config)
    {
        if (config.Problems().ToArray() is { Length: > 0 } problems)
        {
            throw fields.Wrong(string.Join(" ", problems).TrimEnd('.'));
        }
    }

    private static TransformerConfig Gpt2(GgufFields fields, int vocabulary) =>
        TransformerConfig.Gpt2(
            vocabulary,
            fields.Number("embedding_length"),
            fields.Number("block_count"),
            fields.Number("attention.head_count"),
            fields.Number("context_length")
        ) with
        {
            HiddenWidth = fields.Number("feed_forward_length"),
            NormEpsilon = fields.Real("attention.layer_norm_epsilon", 1e-5),
        };

    private static TransformerConfig Rotary(GgufFields fields, int vocabulary)
    {
        var (width, heads) = (fields.Number("embedding_length"), fields.Number("attention.head_count"));
        var head = fields.Number("attention.key_length", heads > 0 ? width / heads : 0);
        if (fields.Number("attention.value_length", head) != head)
        {
            throw fields.Wrong($"{fields.Architecture}.attention.value_length is not that of a key, {head}; expected heads of one width");
        }

        return TransformerConfig.Llama(
            vocabulary,
            width,
            fields.Number("block_count"),
            heads,
            fields.Number("attention.head_count_kv", heads),
            // A mixture's width is that of its experts.
            fields.Number("feed_forward_length", fields.Has(ExpertWidth) ? fields.Number(ExpertWidth) : null),
            fields.Number("context_length")
        ) with
        {
            OwnHeadWidth = fields.Has("attention.key_length") && head * heads != width ? head : null,
            RopeTheta = fields.Real("rope.freq_base", 10_000),
        };
    }

    /// <summary>What a file says that would make another model of the same tensors; null where there is nothing of the kind.</summary>
    private static string? Unread(GgufFields fields)
    {
        // Their values where they change nothing.
        (string Key, object[] Harmless, string Meaning)[] own =
        [
            .. GgufArchitecture.HasExperts(fields)
                ? new (string, object[], string)[]
                {
                    ("expert_shared_count", [0u], "it has experts that all tokens use"),
                    ("expert_gating_func", [0u, 1u], "its experts are not chosen by a softmax"),
                    ("expert_weights_scale", [0f, 1f], "it scales the experts' shares"),
                }
                : [("expert_count", [0u], "it is a mixture of experts")],
            ("attention.causal", [true], "its attention looks ahead"),
            ("attention.clamp_kqv", [0f], "it bounds queries, keys and values"),
            ("attention.max_alibi_bias", [0f], "its positions are biases of attention"),
            ("attention.temperature_length", [0u], "it scales queries by their place"),
            ("attention.temperature_scale", [0f, 1f], "it scales queries by their place"),
            ("nextn_predict_layers", [0u], "it predicts several tokens at once"),
        ];
        foreach (var (key, harmless, meaning) in own)
        {
            if (fields.Own(key) is { } value && !harmless.Contains(value))
            {
                return meaning;
            }
        }

        return fields.Of("general.type") is not (null or "model") ? $"general.type is '{fields.Of("general.type")}', not 'model'"
            : fields.Of("split.count") is not (null or (ushort)0 or (ushort)1)
                ? $"it is one of {fields.Of("split.count")} files that a model was split into"
            : null;
    }
}
