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
/// Reads a language model of a GGUF file: what <see cref="GgufExport"/> writes, and files of the same architectures that others have made,
/// in any type of <see cref="GgufType"/> (whose numbers come back as the blocks say, not as they were
/// before).
/// </summary>
public static class GgufImport
{
    private const int MostListed = 5;
    private const int MostFactors = 1 << 16;

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
        var config = ConfigOf(file);
        var parts = GgufPart.Of(config).ToArray();
        Compare(file, config, parts);
        var model = make(config);
        try
        {
            foreach (var (slot, matrix) in model.Quantized.Where(m => m.Value.Kind == BaseQuantization.File))
            {
                matrix.SetBlocks(GgufMatrices.Slot(file, [.. parts.Where(p => p.Slot == slot)]));
            }

            foreach (var part in parts.Where(p => model.Quantized.GetValueOrDefault(p.Slot)?.Kind != BaseQuantization.File))
            {
                var entry = file.Find(part.Name);
                SetValues(model, part, entry is null ? new float[part.Rows] : file.Read(entry, part.Index, Math.Max(part.Stacked, 1)));
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

    /// <exception cref="ModelFileException">Of a kind that is not read.</exception>
    internal static TransformerConfig ConfigOf(GgufFile file) =>
        GgufConfig.Read(
            file.Header,
            name =>
                file.Find(name) is { Shape.Length: 1, Shape: [<= MostFactors] } entry
                    ? file.Read(entry)
                    : throw file.Header.Wrong($"'{name}' is not one row of at most {MostFactors} numbers")
        );

    /// <exception cref="ModelFileException">The tensors are not those of such a model.</exception>
    internal static void Compare(GgufFile file, TransformerConfig config, GgufPart[] parts)
    {
        string[] problems =
        [
            .. parts.Where(p => !p.IsOptional && file.Find(p.Name) is null).Select(p => $"'{p.Name}' is missing").Distinct(),
            .. file
                .Entries.Select(e => e.Name)
                .Except(parts.Select(p => p.Name))
                .Except(GgufRope.Tensors)
                .Select(n => $"'{n}' is not part of it"),
            .. parts
                .DistinctBy(p => p.Name)
                .Where(p => file.Find(p.Name) is { } found && !found.Shape.AsSpan().SequenceEqual(p.FileShape.AsSpan()))
                .Select(p => $"'{p.Name}' is [{string.Join(", ", file.Find(p.Name)!.Shape)}], expected [{string.Join(", ", p.FileShape)}]"),
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

    private static void SetValues(LanguageModel model, GgufPart part, float[] values)
    {
        var shape = part.Shape;
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
