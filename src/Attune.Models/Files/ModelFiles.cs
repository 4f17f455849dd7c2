using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Gguf;
using Attune.Models.Weights;

namespace Attune.Models.Files;

/// <summary>
/// Model folders in Hugging Face layout: <c>config.json</c> and <c>model.safetensors</c>; tokenizer files in the same folder belong to
/// Attune.Text. A GGUF file stands for such a folder wherever one is read: its model comes straight into memory.
/// </summary>
public static class ModelFiles
{
    private const int MostListed = 5;

    /// <summary>Whether a model may be at a place: a folder, or a GGUF file.</summary>
    public static bool Exists(string place) => Directory.Exists(place) || GgufFile.IsOne(place);

    /// <exception cref="ModelFileException">A file is absent or damaged, or weights and configuration disagree; says where.</exception>
    /// <param name="directory">A model's, or an adapter's in PEFT's layout: that is merged into its base. Or a GGUF file.</param>
    /// <param name="precision">To be trained in; a master keeps what the file holds.</param>
    public static LanguageModel LoadLanguageModel(string directory, Precision precision = Precision.F32)
    {
        if (!AdapterFiles.IsAdapter(directory))
        {
            return LoadWhole(directory, config => new LanguageModel(config, precision));
        }

        using var origin = LoadLanguageModel(AdapterFiles.BaseOf(directory), Precision.F32);
        return AdapterFiles.MergeLanguageModel(origin, directory, precision);
    }

    /// <summary>
    /// A language model whose layers' matrices are quantised as they are read, one at a time, or stay in the blocks of a GGUF file: the
    /// base of an adapter that is to be trained.
    /// </summary>
    /// <exception cref="ModelFileException">As without quantisation; also where a file's blocks are wanted and it is no GGUF
    /// file.</exception>
    public static LanguageModel LoadLanguageModel(string directory, Precision precision, BaseQuantization quantization)
    {
        if (quantization == BaseQuantization.None)
        {
            return LoadLanguageModel(directory, precision);
        }

        if (quantization == BaseQuantization.File && !GgufFile.IsOne(directory))
        {
            throw new ModelFileException(
                $"{directory} is not a GGUF file, so it has no blocks to keep as the frozen base (lora.base: file). "
                    + "Give a GGUF file as the model, or quantise here: lora.base: int8 or nf4."
            );
        }

        if (!AdapterFiles.IsAdapter(directory))
        {
            return LoadWhole(directory, config => new LanguageModel(config, precision, quantization));
        }

        using var merged = LoadLanguageModel(directory, precision);
        return merged.Quantize(quantization);
    }

    /// <exception cref="ModelFileException">As for a language model; also where there is no "score.weight".</exception>
    public static ScalarModel LoadScalarModel(string directory, Precision precision = Precision.F32)
    {
        if (!AdapterFiles.IsAdapter(directory))
        {
            return GgufFile.IsOne(directory)
                ? throw new ModelFileException(
                    $"{directory} is a GGUF file, which holds a language model; expected the folder of a reward or value model."
                )
                : Load(directory, HeadKind.Score, config => new ScalarModel(config, precision));
        }

        using var origin = LoadLanguageModel(AdapterFiles.BaseOf(directory), Precision.F32);
        return AdapterFiles.MergeScalarModel(origin, directory, precision);
    }

    /// <exception cref="ModelFileException">
    /// As for a language model; also where it is no token classifier of so many classes, with a weight and a bias for each.
    /// </exception>
    /// <param name="labels">Names of the classes, in their order.</param>
    public static TokenClassifier LoadTokenClassifier(
        string directory,
        ImmutableArray<string> labels,
        Precision precision = Precision.F32
    ) => Load(directory, HeadKind.Classes, config => new TokenClassifier(config, labels, precision), labels.Length);

    /// <summary>
    /// Writes <c>model.safetensors</c> and <c>config.json</c>, each whole or not at all, weights first, from the master where there is one;
    /// of an adapted model its adapter alone.
    /// </summary>
    /// <param name="type">F32 or BF16.</param>
    /// <exception cref="AttuneException">The folder cannot be written.</exception>
    public static void Save(TransformerModel model, string directory, WeightType type = WeightType.F32)
    {
        if (model.Adapter is not null)
        {
            AdapterFiles.Save(model, directory, type);
            return;
        }

        var (head, labels) = model switch
        {
            ScalarModel => (HeadKind.Score, null),
            TokenClassifier classifier => (HeadKind.Classes, (IReadOnlyList<string>?)classifier.Labels),
            _ => (HeadKind.Language, null),
        };
        var tensors = HuggingFaceTensor
            .Of(model.Config, head, labels?.Count ?? 0)
            .GroupBy(t => t.Name, StringComparer.Ordinal)
            .Select(same => new SafeTensorsSource(same.Key, same.First().FileShape, () => TensorValues.Of(model, [.. same])))
            .ToArray();
        SafeTensorsWriter.Write(Path.Combine(directory, WeightFolder.SingleFile), tensors, type);
        ModelConfigFile.Write(directory, model.Config, head, type, labels);
    }

    private static LanguageModel LoadWhole(string place, Func<TransformerConfig, LanguageModel> make) =>
        GgufFile.IsOne(place) ? GgufImport.Read(place, make) : Load(place, HeadKind.Language, make);

    private static T Load<T>(string directory, HeadKind head, Func<TransformerConfig, T> make, int classes = 0)
        where T : TransformerModel
    {
        var config = ModelConfigFile.Read(directory);
        using var folder = new WeightFolder(directory);
        var tensors = HuggingFaceTensor.Of(config, head, classes, ExpertNames.AreStacked(config, folder.Names));
        // Names and shapes first: a configuration that lies must not make us allocate what it claims.
        Compare(directory, folder, tensors, config, head);
        var model = make(config);
        try
        {
            foreach (var tensor in tensors)
            {
                TensorValues.Set(model, tensor, folder.Read(tensor));
            }

            model.Weights.Round();
            model.Origin = directory;
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
        WeightFolder folder,
        ImmutableArray<HuggingFaceTensor> tensors,
        TransformerConfig config,
        HeadKind head
    )
    {
        var expected = tensors.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var missing = expected.Where(name => folder.ShapeOf(name) is null).ToArray();
        var languageHead = HuggingFaceNames.LanguageHead(config) + ".weight";
        var otherHead = (string name) => (config.TiedHead || head != HeadKind.Language) && name == languageHead;
        var unexpected = folder.Names.Where(name => !expected.Contains(name) && !otherHead(name)).ToArray();
        var misshapen = tensors
            .DistinctBy(t => t.Name)
            .Where(t => folder.ShapeOf(t.Name) is { } shape && !shape.AsSpan().SequenceEqual(t.FileShape.AsSpan()))
            .Select(t =>
                $"{t.Name} has shape [{string.Join(", ", folder.ShapeOf(t.Name)!.Value)}], expected [{string.Join(", ", t.FileShape)}]"
            )
            .ToArray();
        string[] problems = [.. Listed("missing: ", missing), .. Listed("unexpected: ", unexpected), .. Listed("", misshapen)];
        if (problems.Length > 0)
        {
            throw new ModelFileException(
                $"{directory}: the weights do not fit config.json ({config.Family}, {config.Layers} layers of width "
                    + $"{config.Width}); {string.Join("; ", problems)}. "
                    + (
                        head == HeadKind.Score && missing.Contains("score.weight")
                            ? "This is not a reward or value model: it has no score head."
                        : head == HeadKind.Classes && missing.Contains(HuggingFaceTensor.ClassHead(config) + ".weight")
                            ? "This is not a process reward model: it has no head of classes."
                        : "Use the config.json that came with these weights."
                    )
            );
        }
    }

    private static IEnumerable<string> Listed(string kind, string[] items)
    {
        if (items.Length > 0)
        {
            yield return kind
                + string.Join(", ", items.Take(MostListed))
                + (items.Length > MostListed ? $" and {items.Length - MostListed} more" : "");
        }
    }
}
