using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Adapters;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Files;

/// <summary>Adapters in PEFT's layout: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>, heads included.</summary>
public static class AdapterFiles
{
    public const string ConfigFile = "adapter_config.json";
    public const string WeightFile = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";

    /// <summary>Whether a folder holds an adapter and no whole model.</summary>
    public static bool IsAdapter(string folder) =>
        File.Exists(Path.Combine(folder, ConfigFile)) && !File.Exists(Path.Combine(folder, WeightFolder.SingleFile));

    /// <summary>
    /// Writes a model's adapter, each file whole or not at all, weights first, from the master where there is one; <c>config.json</c> is
    /// the base's.
    /// </summary>
    /// <param name="type">F32 or BF16.</param>
    public static void Save(TransformerModel model, string folder, WeightType type = WeightType.F32)
    {
        var adapter = model.Adapter ?? throw new InvalidOperationException("this model has no adapter.");
        var maps = new AdapterRows(model.Config);
        var tensors = Tensors(adapter)
            .Select(t => new SafeTensorsSource(t.Name, t.Slot.Shape, () => Values(adapter.Weights, t.Slot.Name, maps)))
            .ToArray();
        SafeTensorsWriter.Write(Path.Combine(folder, WeightFile), tensors, type);
        AdapterConfigFile.Write(folder, adapter, model.Config, model.Origin);
        ModelConfigFile.Write(folder, model.Config, model is ScalarModel ? HeadKind.Score : HeadKind.Language, type);
    }

    /// <summary>Where the base lies that an adapter's folder names: as it is written there, or beside the folder.</summary>
    /// <exception cref="ModelFileException">It names none that is there.</exception>
    public static string BaseOf(string folder)
    {
        var name = PeftConfig.Read(folder).Base;
        return new[] { name, name is null ? null : Path.Combine(folder, name) }.FirstOrDefault(n => n is not null && ModelFiles.Exists(n))
            ?? throw new ModelFileException(
                $"{Path.Combine(folder, ConfigFile)}: base_model_name_or_path is '{name}', which is not a folder or a GGUF file here. "
                    + "Write the place of the model that the adapter was trained on there."
            );
    }

    /// <summary>Whether an adapter's folder is a reward or value model's.</summary>
    public static bool HasScoreHead(string folder)
    {
        using var file = new SafeTensorsFile(Path.Combine(folder, WeightFile));
        return file.Find(Prefix + "score.weight") is not null;
    }

    /// <summary>A language model with the adapter that a folder holds: it shares the weights, which are frozen from now on.</summary>
    /// <exception cref="ModelFileException">The adapter is absent or damaged, or fits another model.</exception>
    public static LanguageModel LoadLanguageModel(LanguageModel origin, string folder) =>
        new(origin, Load(origin.Plain(), folder, HeadKind.Language));

    /// <summary>A reward or value model: the weights of another model with the adapter and the head that a folder holds.</summary>
    /// <exception cref="ModelFileException">The adapter is absent or damaged, or fits another model.</exception>
    public static ScalarModel LoadScalarModel(TransformerModel origin, string folder) =>
        new(origin, Load(origin.Plain(), folder, HeadKind.Score));

    /// <summary>A language model of its own that computes what another does with the adapter that a folder holds.</summary>
    /// <exception cref="ModelFileException">The adapter is absent or damaged, or fits another model.</exception>
    public static LanguageModel MergeLanguageModel(LanguageModel origin, string folder, Precision precision = Precision.F32) =>
        PeftMerge.Of(origin.Plain(), folder, HeadKind.Language, config => new LanguageModel(config, precision));

    /// <summary>A reward or value model of its own: another model's trunk with the adapter, and the head, that a folder holds.</summary>
    /// <exception cref="ModelFileException">The adapter is absent or damaged, or fits another model.</exception>
    public static ScalarModel MergeScalarModel(TransformerModel origin, string folder, Precision precision = Precision.F32) =>
        PeftMerge.Of(origin.Plain(), folder, HeadKind.Score, config => new ScalarModel(config, precision));

    /// <summary>
    /// Whether an adapter can be trained on, on weights that it shares with others; one with other ranks in some layers, biases or an
    /// embedding can only be merged.
    /// </summary>
    public static bool IsTrainable(string folder) => PeftConfig.Read(folder).IsTrainable;

    private static Adapter Load(TransformerModel origin, string folder, HeadKind head)
    {
        var peft = PeftConfig.Read(folder);
        using var file = new SafeTensorsFile(Path.Combine(folder, WeightFile));
        var config = peft.ForTraining(Modules(file));
        Adapter adapter;
        try
        {
            adapter = Adapter.Empty(origin, config, head);
        }
        catch (ConfigurationException problem)
        {
            throw new ModelFileException($"{folder} is not an adapter of this model: {problem.Message}", problem);
        }

        try
        {
            Fill(adapter, origin.Config, file);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>The maps that a file has a matrix A for.</summary>
    private static ImmutableArray<string> Modules(SafeTensorsFile file)
    {
        const string end = ".lora_A.weight";
        return
        [
            .. file
                .Entries.Where(e => e.Name.StartsWith(Prefix, StringComparison.Ordinal) && e.Name.EndsWith(end, StringComparison.Ordinal))
                .Select(e => e.Name[Prefix.Length..^end.Length]),
        ];
    }

    private static void Fill(Adapter adapter, TransformerConfig config, SafeTensorsFile file)
    {
        var tensors = Tensors(adapter).ToArray();
        // Older files call a magnitude's tensor ".weight"; newer ones do not.
        SafeTensorsEntry? Find(string name) => file.Find(name) ?? file.Find(name + ".weight");
        string[] missing = [.. tensors.Where(t => Find(t.Name) is null).Select(t => t.Name)];
        string[] unexpected = [.. file.Entries.Where(e => !tensors.Any(t => Find(t.Name) == e)).Select(e => e.Name)];
        string[] misshapen =
        [
            .. tensors
                .Where(t => Find(t.Name) is { } found && !found.Shape.SequenceEqual(t.Slot.Shape))
                .Select(t =>
                    $"{t.Name} has shape [{string.Join(", ", Find(t.Name)!.Shape)}], expected [{string.Join(", ", t.Slot.Shape)}]"
                ),
        ];
        PeftFit.Require(file.Path, missing, unexpected, misshapen);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var maps = new AdapterRows(config);
        foreach (var (name, slot) in tensors)
        {
            var values = new float[slot.Length];
            file.Read(Find(name)!, values);
            adapter.Weights.ExactOf(slot.Name).copy_(maps.Apart(slot.Name, tensor(values).view([.. slot.Shape])));
        }

        adapter.Weights.Round();
    }

    private static IEnumerable<(string Name, ParameterSlot Slot)> Tensors(Adapter adapter) =>
        adapter.Weights.Slots.Select(slot =>
            (
                slot.Name switch
                {
                    "score" => Prefix + "score.weight",
                    "head" => Prefix + "lm_head.weight",
                    _ when slot.Name.EndsWith(".magnitude", StringComparison.Ordinal) => Prefix
                        + slot.Name[..^"magnitude".Length]
                        + "lora_magnitude_vector",
                    _ => Prefix + slot.Name + ".weight",
                },
                slot
            )
        );

    private static float[] Values(FlatParameters weights, string name, AdapterRows maps)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        return maps.Together(name, weights.ExactOf(name)).to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
    }
}
