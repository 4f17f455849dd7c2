using Attune.Models.Architecture;
using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Gguf;

/// <summary>
/// Reads a language model of a GGUF file: what <see cref="GgufExport"/> writes, and files of GPT-2, Llama 1 and 2, Mistral and Qwen 2 that
/// others have made, in f32, f16, bf16 or q8_0 (whose numbers come back as they are multiplied, not as they were before).
/// </summary>
public static class GgufImport
{
    private const int MostListed = 5;

    /// <param name="path">Of the file.</param>
    /// <param name="folder">Takes the tokenizer's files and the chat template, where the file has them; the model is the caller's to
    /// save.</param>
    /// <exception cref="ModelFileException">The file is absent or damaged, or holds a model that is not read; says where.</exception>
    public static LanguageModel Read(string path, string folder)
    {
        using var file = new GgufFile(path);
        var config = Config(file);
        var parts = GgufExport.Parts(config).Select(p => (Part: p, Shape: Shape(config, p))).ToArray();
        Compare(file, config, parts);
        var model = new LanguageModel(config, Precision.F32);
        try
        {
            foreach (var (part, shape) in parts)
            {
                SetValues(model, part, shape, file.Read(file.Find(part.Name)!));
            }

            model.Weights.Round();
            model.Origin = path;
            GgufTokenizerFiles.Write(file, config.VocabularySize, folder);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static TransformerConfig Config(GgufFile file)
    {
        var family = Text(file, "general.architecture");
        if (family is not ("gpt2" or "llama" or "qwen2"))
        {
            throw Wrong(file, $"general.architecture is '{family}'; read are gpt2, llama (Llama 1 and 2, Mistral) and qwen2");
        }

        if (Unread(file, family) is { } unread)
        {
            throw Wrong(file, $"{unread}, which is not read from GGUF; pull the original in Hugging Face layout");
        }

        var words = file.Find("token_embd.weight") ?? throw Wrong(file, "it has no tensor 'token_embd.weight'; expected a language model");
        int Number(string key, int? otherwise = null) =>
            file.Fields.TryGetValue($"{family}.{key}", out var value)
                ? value is uint and <= int.MaxValue
                    ? (int)(uint)value
                    : throw Wrong(file, $"{family}.{key} is {value}; expected a whole number")
                : otherwise ?? throw Wrong(file, $"the key '{family}.{key}' is missing");
        double Real(string key, double otherwise) =>
            file.Fields.TryGetValue($"{family}.{key}", out var value)
                ? value is float number
                    ? ShortestOf(number)
                    : throw Wrong(file, $"{family}.{key} is {value}; expected a number")
                : otherwise;

        var (vocabulary, width, layers, heads) = (
            (int)Math.Min(words.Shape[0], int.MaxValue),
            Number("embedding_length"),
            Number("block_count"),
            Number("attention.head_count")
        );
        var config =
            family == "gpt2"
                ? TransformerConfig.Gpt2(vocabulary, width, layers, heads, Number("context_length")) with
                {
                    HiddenWidth = Number("feed_forward_length"),
                    NormEpsilon = Real("attention.layer_norm_epsilon", 1e-5),
                }
                : TransformerConfig.Llama(
                    vocabulary,
                    width,
                    layers,
                    heads,
                    Number("attention.head_count_kv", heads),
                    Number("feed_forward_length"),
                    Number("context_length")
                ) with
                {
                    Family = family,
                    Biases = family == "qwen2" ? BiasKind.QueryKeyValue : BiasKind.None,
                    NormEpsilon = Real("attention.layer_norm_rms_epsilon", 1e-5),
                    RopeTheta = Real("rope.freq_base", 10_000),
                };
        config = config with { TiedHead = file.Find("output.weight") is null };
        if (config.Problems().ToArray() is { Length: > 0 } problems)
        {
            throw Wrong(file, string.Join(" ", problems).TrimEnd('.'));
        }

        return family == "gpt2" || Number("rope.dimension_count", config.HeadWidth) == config.HeadWidth
            ? config
            : throw Wrong(file, $"{family}.rope.dimension_count is not the heads' width of {config.HeadWidth}, which is not read");
    }

    /// <summary>What a file says that would make another model of the same tensors; null where there is nothing of the kind.</summary>
    private static string? Unread(GgufFile file, string family)
    {
        object? Own(string key) => file.Fields.GetValueOrDefault($"{family}.{key}");
        // A factor without a type means linear scaling to llama.cpp, under an older name too.
        var isScaled =
            file.Find("rope_freqs.weight") is not null
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

    /// <summary>1e-5 was rounded to float32 on the way: the shortest number that rounds to the same.</summary>
    private static double ShortestOf(float number) =>
        double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static void Compare(GgufFile file, TransformerConfig config, (GgufExport.Part Part, ImmutableArray<long> Shape)[] parts)
    {
        string[] problems =
        [
            .. parts.Where(p => file.Find(p.Part.Name) is null).Select(p => $"'{p.Part.Name}' is missing"),
            .. file.Entries.Select(e => e.Name).Except(parts.Select(p => p.Part.Name)).Select(n => $"'{n}' is not part of it"),
            .. parts
                .Where(p => file.Find(p.Part.Name) is { } found && !found.Shape.AsSpan().SequenceEqual(p.Shape.AsSpan()))
                .Select(p =>
                    $"'{p.Part.Name}' is [{string.Join(", ", file.Find(p.Part.Name)!.Shape)}], expected [{string.Join(", ", p.Shape)}]"
                ),
        ];
        if (problems.Length > 0)
        {
            throw Wrong(
                file,
                $"its tensors are not those of a {config.Family} with {config.Layers} layers of width {config.Width}: "
                    + $"{string.Join("; ", problems.Take(MostListed))}"
                    + (problems.Length > MostListed ? $"; and {problems.Length - MostListed} more" : "")
            );
        }
    }

    /// <summary>Computed, not taken from a model: a header that lies must not make us allocate what it claims.</summary>
    private static ImmutableArray<long> Shape(TransformerConfig config, GgufExport.Part part)
    {
        var (width, hidden) = ((long)config.Width, (long)config.HiddenWidth);
        var gates = config.FeedForward == FeedForwardKind.Gelu ? 1 : 2;
        var slot = part.Slot.Split('.') is { Length: > 2 } names ? string.Join('.', names[2..]) : part.Slot;
        long[] whole = slot switch
        {
            "tokens" or "head" => [config.VocabularySize, width],
            "positions" => [config.ContextLength, width],
            "qkv.weight" => [width + 2L * config.KeyValueWidth, width],
            "qkv.bias" => [width + 2L * config.KeyValueWidth],
            "out.weight" => [width, width],
            "up.weight" => [gates * hidden, width],
            "up.bias" => [gates * hidden],
            "down.weight" => [width, hidden],
            _ => [width],
        };
        return [part.Rows ?? whole[0], .. whole[1..]];
    }

    private static void SetValues(LanguageModel model, GgufExport.Part part, ImmutableArray<long> shape, float[] values)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var given = tensor(values);
        if (part.TurnedHeads > 0)
        {
            // Back from neighbouring rows to the two halves of each head.
            given = given
                .reshape(part.TurnedHeads, shape[0] / part.TurnedHeads / 2, 2, shape.Length == 2 ? shape[1] : 1)
                .transpose(1, 2)
                .contiguous();
        }

        model.Weights.ExactOf(part.Slot).narrow(0, part.FirstRow, shape[0]).copy_(given.reshape([.. shape]));
    }

    private static string Text(GgufFile file, string key) =>
        file.Fields.GetValueOrDefault(key) as string ?? throw Wrong(file, $"the key '{key}' is missing, or not a text");

    internal static ModelFileException Wrong(GgufFile file, string what) => new($"{file.Path}: {what}.");
}
