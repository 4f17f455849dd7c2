using System.Globalization;
using Attune.Core;
using Attune.Models.Configuration;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>The shape of the model in a GGUF file.</summary>
internal static class GgufConfig
{
    /// <exception cref="ModelFileException">It is of an architecture or a variant that is not read, or its numbers do not fit
    /// together.</exception>
    internal static TransformerConfig Read(GgufHeader file)
    {
        var family = Text(file, "general.architecture");
        if (family is not ("gpt2" or "llama" or "qwen2"))
        {
            throw Wrong(file, $"general.architecture is '{family}'; supported are gpt2, llama (Llama 1 and 2, Mistral) and qwen2");
        }

        if (Unread(file, family) is { } unread)
        {
            throw Wrong(file, $"{unread}, which GGUF import does not support; pull the original in Hugging Face layout");
        }

        var words = Find(file, "token_embd.weight") ?? throw Wrong(file, "it has no tensor 'token_embd.weight'; expected a language model");
        var vocabulary = (int)Math.Min(words.Shape[0], int.MaxValue);
        var config = (family == "gpt2" ? Gpt2(file, vocabulary) : Llama(file, family, vocabulary)) with
        {
            TiedHead = Find(file, "output.weight") is null,
        };
        if (config.Problems().ToArray() is { Length: > 0 } problems)
        {
            throw Wrong(file, string.Join(" ", problems).TrimEnd('.'));
        }

        return family == "gpt2" || Number(file, $"{family}.rope.dimension_count", config.HeadWidth) == config.HeadWidth
            ? config
            : throw Wrong(file, $"{family}.rope.dimension_count is not the heads' width of {config.HeadWidth}, which is not supported");
    }

    private static TransformerConfig Gpt2(GgufHeader file, int vocabulary) =>
        TransformerConfig.Gpt2(
            vocabulary,
            Number(file, "gpt2.embedding_length"),
            Number(file, "gpt2.block_count"),
            Number(file, "gpt2.attention.head_count"),
            Number(file, "gpt2.context_length")
        ) with
        {
            HiddenWidth = Number(file, "gpt2.feed_forward_length"),
            NormEpsilon = Real(file, "gpt2.attention.layer_norm_epsilon", 1e-5),
        };

    private static TransformerConfig Llama(GgufHeader file, string family, int vocabulary)
    {
        var (width, layers) = (Number(file, $"{family}.embedding_length"), Number(file, $"{family}.block_count"));
        var heads = Number(file, $"{family}.attention.head_count");
        return TransformerConfig.Llama(
            vocabulary,
            width,
            layers,
            heads,
            Number(file, $"{family}.attention.head_count_kv", heads),
            Number(file, $"{family}.feed_forward_length"),
            Number(file, $"{family}.context_length")
        ) with
        {
            Family = family,
            Biases = family == "qwen2" ? BiasKind.QueryKeyValue : BiasKind.None,
            NormEpsilon = Real(file, $"{family}.attention.layer_norm_rms_epsilon", 1e-5),
            RopeTheta = Real(file, $"{family}.rope.freq_base", 10_000),
        };
    }

    private static int Number(GgufHeader file, string key, int? otherwise = null) =>
        file.Fields.TryGetValue(key, out var value)
            ? value is uint and <= int.MaxValue
                ? (int)(uint)value
                : throw Wrong(file, $"{key} is {value}; expected a whole number")
            : otherwise ?? throw Wrong(file, $"the key '{key}' is missing");

    private static double Real(GgufHeader file, string key, double otherwise) =>
        file.Fields.TryGetValue(key, out var value)
            ? value is float number
                ? ShortestOf(number)
                : throw Wrong(file, $"{key} is {value}; expected a number")
            : otherwise;

    /// <summary>What a file says that would make another model of the same tensors; null where there is nothing of the kind.</summary>
    private static string? Unread(GgufHeader file, string family)
    {
        object? Own(string key) => file.Fields.GetValueOrDefault($"{family}.{key}");
        // A factor without a type means linear scaling to llama.cpp, under an older name too.
        var isScaled =
            Find(file, "rope_freqs.weight") is not null
            || Own("rope.scaling.type") is not (null or "none")
            || Own("rope.scaling.factor") is not (null or 0f or 1f)
            || Own("rope.scale_linear") is not (null or 0f or 1f);
        return file.Fields.GetValueOrDefault("general.type") is not (null or "model")
                ? $"general.type is '{file.Fields["general.type"]}', not 'model'"
            : file.Fields.GetValueOrDefault("split.count") is not (null or (ushort)0 or (ushort)1)
                ? $"it is one of {file.Fields["split.count"]} files that a model was split into"
            : Own("expert_count") is not (null or 0u) ? "it is a mixture of experts"
            : Own("attention.causal") is false ? "its attention looks ahead"
            : isScaled ? "its rotary positions are scaled"
            : null;
    }

    /// <summary>The shortest number that rounds to the same float32: a file that was written from 1e-5 gives 1e-5.</summary>
    private static double ShortestOf(float number) =>
        double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Text(GgufHeader file, string key) =>
        file.Fields.GetValueOrDefault(key) as string ?? throw Wrong(file, $"the key '{key}' is missing, or not a text");

    private static GgufEntry? Find(GgufHeader file, string name) => file.Entries.GetValueOrDefault(name);

    private static ModelFileException Wrong(GgufHeader file, string what) => file.Wrong(what);
}
