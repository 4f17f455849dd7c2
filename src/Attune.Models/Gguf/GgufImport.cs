using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;
using static TorchSharp.torch;

namespace Attune.Models.Gguf;

/// <summary>
/// Reads a language model of a GGUF file: what <see cref="GgufExport"/> writes, and files of GPT-2, Llama 1 and 2, Mistral, SmolLM 2 and
/// Qwen 2 that others have made, in any type of <see cref="GgufType"/> (whose numbers come back as the blocks say, not as they were
/// before).
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
        var model = Read(path, config => new LanguageModel(config, Precision.F32));
        try
        {
            GgufTexts.Write(GgufHeader.Read(path), folder);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The model alone, straight into memory.</summary>
    /// <param name="make">Makes the model that takes the numbers; it may be quantised.</param>
    /// <exception cref="ModelFileException">As with a folder.</exception>
    internal static LanguageModel Read(string path, Func<TransformerConfig, LanguageModel> make)
    {
        using var file = new GgufFile(path);
        var config = GgufConfig.Read(file.Header);
        var parts = GgufExport.Parts(config).Select(p => (Part: p, Shape: Shape(config, p))).ToArray();
        Compare(file, config, parts);
        var model = make(config);
        try
        {
            foreach (var (slot, matrix) in model.Quantized.Where(m => m.Value.Kind == BaseQuantization.File))
            {
                matrix.SetBlocks(GgufMatrices.Slot(file, [.. parts.Select(p => p.Part).Where(p => p.Slot == slot)]));
            }

            foreach (var (part, shape) in parts.Where(p => model.Quantized.GetValueOrDefault(p.Part.Slot)?.Kind != BaseQuantization.File))
            {
                SetValues(model, part, shape, file.Read(file.Find(part.Name)!));
            }

            model.Weights.Round();
            model.Origin = path;
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

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
            throw file.Header.Wrong(
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

        if (model.Quantized.TryGetValue(part.Slot, out var matrix))
        {
            matrix.SetRows(part.FirstRow, given.contiguous().data<float>().ToArray());
            return;
        }

        model.Weights.ExactOf(part.Slot).narrow(0, part.FirstRow, shape[0]).copy_(given.reshape([.. shape]));
    }
}
