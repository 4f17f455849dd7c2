using Attune.Core;
using Attune.Models.Architecture;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;
using static TorchSharp.torch;

namespace Attune.Models.Gguf;

/// <summary>Writes a language model for llama.cpp, in one GGUF file with its tokenizer.</summary>
public static class GgufExport
{
    // llama_ftype: F32, mostly F16, mostly Q4_0, Q4_1 and Q8_0, mostly BF16.
    private static readonly Dictionary<GgufType, uint> FileTypes = new()
    {
        [GgufType.F32] = 0,
        [GgufType.F16] = 1,
        [GgufType.Q40] = 2,
        [GgufType.Q41] = 3,
        [GgufType.Q8] = 7,
        [GgufType.BF16] = 32,
    };

    /// <param name="type">Of matrices; vectors, learned positions and routers stay in 32 bits, matrices that no blocks fit take F16 in
    /// place of blocks, and embeddings and head take Q8 in place of 4 bits.</param>
    /// <param name="tokenizer">Null for a model without text, such as one to measure.</param>
    /// <param name="chatTemplate">The model's own, which llama.cpp reads too; null for none.</param>
    /// <exception cref="AttuneException">The tokenizer or the architecture is of a kind that this export does not know.</exception>
    public static void Write(
        LanguageModel model,
        ITokenizer? tokenizer,
        string path,
        string name,
        GgufType type,
        string? chatTemplate = null
    )
    {
        var config = model.Config;
        if (GgufKeys.Problem(config) is { } problem)
        {
            throw new AttuneException(
                $"GGUF export does not know {problem}. Export in Hugging Face layout (--format hf) and convert that."
            );
        }

        var architecture = GgufArchitecture.Of(config)!;
        List<KeyValuePair<string, object>> fields =
        [
            new("general.architecture", architecture),
            new("general.name", name),
            new("general.file_type", FileTypes[type]),
            .. GgufKeys.Of(config).Select(k => KeyValuePair.Create($"{architecture}.{k.Key}", k.Value)),
            .. tokenizer is null ? [new("tokenizer.ggml.model", "no_vocab")] : GgufTokenizer.Fields(tokenizer, config),
            .. chatTemplate is null ? Array.Empty<KeyValuePair<string, object>>() : [new("tokenizer.chat_template", chatTemplate)],
        ];
        GgufWriter.Write(path, fields, [.. Tensors(model, type)]);
    }

    private static IEnumerable<GgufTensor> Tensors(LanguageModel model, GgufType type)
    {
        var config = model.Config;
        foreach (var stack in GgufPart.Of(config).GroupBy(p => p.Name, StringComparer.Ordinal))
        {
            var part = stack.First();
            yield return new GgufTensor(part.Name, part.FileShape, TypeOf(part, type), () => Values(model, [.. stack]));
            if (part.Slot == "tokens" && config.TiedHead && GgufArchitecture.RepeatsHead(config))
            {
                yield return new GgufTensor("output.weight", part.Shape, TypeOf(part, type), () => Values(model, part));
            }
        }

        foreach (var (name, values) in GgufRope.Constants(config))
        {
            yield return new GgufTensor(name, [values.Length], GgufType.F32, () => values);
        }
    }

    private static GgufType TypeOf(GgufPart part, GgufType type) =>
        part.Shape.Length == 1 || part.Slot == "positions" || part.Slot.Contains(".router.", StringComparison.Ordinal) ? GgufType.F32
        : type.BlockLength() == 1 ? type
        : part.Shape[1] % type.BlockLength() != 0 ? GgufType.F16
        // The vocabulary's matrix decides between near tokens: 4 bits would show in what is drawn.
        : part.Slot is "tokens" or "head" ? GgufType.Q8
        : type;

    /// <summary>Of a tensor of the file: one matrix, or those that are stacked in it.</summary>
    private static float[] Values(LanguageModel model, GgufPart[] stack) =>
        stack.Length == 1 ? Values(model, stack[0]) : [.. stack.OrderBy(p => p.Index).SelectMany(p => Values(model, p))];

    private static float[] Values(LanguageModel model, GgufPart part)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var taken = model.Weights[part.Slot].narrow(0, part.FirstRow, part.Rows);
        if (part.TurnedHeads > 0)
        {
            // Row i of a head's first half and row i of its second become rows 2i and 2i + 1.
            var inner = taken.dim() == 2 ? taken.shape[1] : 1;
            taken = taken.reshape(part.TurnedHeads, 2, part.Rows / part.TurnedHeads / 2, inner).transpose(1, 2);
        }

        var exact = taken.to(ScalarType.Float32);
        var plain = (GgufKeys.Factor(model.Config, part) is var factor && factor == 1 ? exact : exact * factor).cpu().contiguous();
        var values = new float[plain.numel()];
        plain.bytes.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
