using Attune.Core;
using Attune.Kernels;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Training.Serving;
using Attune.Training.Tokens;

namespace Attune.Hosting;

/// <summary>A language model that an application asks.</summary>
public sealed class LanguageModelOptions
{
    /// <summary>A folder in Hugging Face layout, a GGUF file, a name on a hub (OWNER/MODEL), or 'embedded'. There is no default.</summary>
    public string? Model { get; set; }

    /// <summary>What callers ask for it by; the last part of <see cref="Model"/> where it is null.</summary>
    public string? Name { get; set; }

    /// <summary>The chat template, by name, of a model that has none of its own.</summary>
    public string? Template { get; set; }

    /// <summary>The numbers to multiply in. Q8 and Q4 take fewer bytes and lose some accuracy.</summary>
    public KernelType Type { get; set; } = KernelType.F32;

    /// <summary>Whether a GGUF file's own quantised blocks are multiplied as they are; <see cref="Type"/> is not read then.</summary>
    public bool OwnBlocks { get; set; }

    /// <summary>Answers decoded together.</summary>
    public int Slots { get; set; } = 4;

    /// <summary>Most tokens of a prompt and its answer; the model's context where that is shorter.</summary>
    public int Context { get; set; } = 4096;

    /// <summary>Threads; the machine's processors where it is null.</summary>
    public int? Workers { get; set; }

    /// <summary>Loads the model; the caller disposes of it.</summary>
    /// <exception cref="AttuneException">There is no such model, it cannot be read, or an option is out of range.</exception>
    public ServedModel Open()
    {
        Check();
        var place = EmbeddedModel.Resolve(Model!);
        if (OwnBlocks && !GgufFile.IsOne(place))
        {
            throw new ConfigurationException(
                $"{nameof(OwnBlocks)} is set, and {place} is no GGUF file. Give a GGUF file, or a {nameof(Type)}."
            );
        }

        using var model = ModelFiles.LoadLanguageModel(place);
        var options = new ServingOptions
        {
            Slots = Slots,
            Context = Context,
            Workers = Workers,
            Type = OwnBlocks ? KernelType.Q8 : Type,
            Blocks = OwnBlocks ? GgufMatrices.Read(place) : null,
        };
        return new ServedModel(Name ?? LastPart(place), ModelTokenizer.Load(place, Template), model, options);
    }

    private void Check()
    {
        if (string.IsNullOrWhiteSpace(Model))
        {
            throw new ConfigurationException(
                $"{nameof(Model)} is not set; expected a model's folder, a GGUF file, OWNER/MODEL or 'embedded'."
            );
        }
        foreach (var (name, value) in new[] { (nameof(Slots), Slots), (nameof(Context), Context), (nameof(Workers), Workers ?? 1) })
        {
            if (value < 1)
            {
                throw new ConfigurationException($"{name} is {value}; expected at least 1.");
            }
        }
    }

    private string LastPart(string place) =>
        Model == EmbeddedModel.Name ? Model
        : File.Exists(place) ? Path.GetFileNameWithoutExtension(place)
        : Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.Exists(Model) ? place : Model!));
}
