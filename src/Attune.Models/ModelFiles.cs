using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models;

/// <summary>
/// Model folders in Hugging Face layout: <c>config.json</c> and <c>model.safetensors</c>. Tokenizer files in the same folder
/// belong to Attune.Text.
/// </summary>
public static class ModelFiles
{
    private const int MostListed = 5;

    /// <exception cref="ModelFileException">A file is absent or damaged, or weights and configuration disagree; says where.</exception>
    /// <param name="precision">To be trained in; a master keeps what the file holds.</param>
    public static LanguageModel LoadLanguageModel(string directory, Precision precision = Precision.F32) =>
        Load(directory, HeadKind.Language, config => new LanguageModel(config, precision));

    /// <exception cref="ModelFileException">As for a language model; also where there is no "score.weight".</exception>
    public static ScalarModel LoadScalarModel(string directory, Precision precision = Precision.F32) =>
        Load(directory, HeadKind.Score, config => new ScalarModel(config, precision));

    /// <summary>Writes <c>model.safetensors</c> and <c>config.json</c>, each whole or not at all, weights first, from the master where there is one.</summary>
    /// <param name="type">F32 or BF16.</param>
    /// <exception cref="AttuneException">The folder cannot be written.</exception>
    public static void Save(TransformerModel model, string directory, WeightType type = WeightType.F32)
    {
        var head = model is ScalarModel ? HeadKind.Score : HeadKind.Language;
        var tensors = HuggingFaceTensor.Of(model.Config, head).Select(t => new SafeTensorsSource(t.Name, t.Shape, () => ValuesOf(model.Weights, t))).ToArray();
        SafeTensorsWriter.Write(Path.Combine(directory, WeightFolder.SingleFile), tensors, type);
        ModelConfigFile.Write(directory, model.Config, head, type);
    }

    private static T Load<T>(string directory, HeadKind head, Func<TransformerConfig, T> make) where T : TransformerModel
    {
        var config = ModelConfigFile.Read(directory);
        using var folder = new WeightFolder(directory);
        var tensors = HuggingFaceTensor.Of(config, head);
        // Names and shapes first: a configuration that lies must not make us allocate what it claims.
        Compare(directory, folder, tensors, config, head);
        var model = make(config);
        try
        {
            foreach (var tensor in tensors)
            {
                SetValues(model.Weights, tensor, folder.Read(tensor.Name));
            }

            model.Weights.Round();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Compare(string directory, WeightFolder folder, ImmutableArray<HuggingFaceTensor> tensors, TransformerConfig config, HeadKind head)
    {
        var expected = tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var missing = expected.Keys.Where(name => folder.ShapeOf(name) is null).ToArray();
        var otherHead = (string name) => (config.TiedHead || head == HeadKind.Score) && name == "lm_head.weight";
        var unexpected = folder.Names.Where(name => !expected.ContainsKey(name) && !otherHead(name)).ToArray();
        var misshapen = tensors.Where(t => folder.ShapeOf(t.Name) is { } shape && !shape.AsSpan().SequenceEqual(t.Shape.AsSpan()))
            .Select(t => $"{t.Name} has shape [{string.Join(", ", folder.ShapeOf(t.Name)!.Value)}], expected [{string.Join(", ", t.Shape)}]").ToArray();
        string[] problems = [.. Listed("missing: ", missing), .. Listed("unexpected: ", unexpected), .. Listed("", misshapen)];
        if (problems.Length > 0)
        {
            throw new ModelFileException(
                $"{directory}: the weights do not fit config.json ({config.Family}, {config.Layers} layers of width {config.Width}); {string.Join("; ", problems)}. "
                + (head == HeadKind.Score && missing.Contains("score.weight") ? "This is not a reward or value model: it has no score head." : "Use the config.json that came with these weights."));
        }
    }

    private static IEnumerable<string> Listed(string kind, string[] items)
    {
        if (items.Length > 0)
        {
            yield return kind + string.Join(", ", items.Take(MostListed)) + (items.Length > MostListed ? $" and {items.Length - MostListed} more" : "");
        }
    }

    private static float[] ValuesOf(FlatParameters weights, HuggingFaceTensor tensor)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var rows = weights.ExactOf(tensor.Slot).narrow(0, tensor.FirstRow, tensor.Rows);
        var exact = (tensor.Transposed ? rows.t() : rows).to(ScalarType.Float32);
        var ordered = (tensor.Offset == 0 ? exact : exact - tensor.Offset).cpu().contiguous();
        var values = new float[ordered.numel()];
        ordered.bytes.CopyTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static void SetValues(FlatParameters weights, HuggingFaceTensor file, float[] values)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var given = tensor(values).view([.. file.Shape]);
        given = file.Offset == 0 ? given : given + file.Offset;
        weights.ExactOf(file.Slot).narrow(0, file.FirstRow, file.Rows).copy_(file.Transposed ? given.t() : given);
    }
}
