using Attune.Core;
using Attune.Models.Hub;

namespace Attune.Models.Files;

/// <summary>The model that ships with Attune: a small transformer of the world of film reviews.</summary>
public static class EmbeddedModel
{
    public const string Name = "embedded";

    /// <summary>Where it lies.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "assets", "reviews", "model");

    /// <summary>The folder, or the GGUF file, that a recipe's <c>model</c> stands for; a name on a hub is fetched.</summary>
    /// <exception cref="ConfigurationException">There is neither, and the hub does not give it.</exception>
    public static string Resolve(string model)
    {
        var folder = model == Name ? Folder : Path.GetFullPath(model);
        return ModelFiles.Exists(folder) ? folder
            : !Path.Exists(folder) && HubCache.IsName(model) ? HubCache.Find(model)
            : throw new ConfigurationException(
                $"model {model}: {folder} is {(File.Exists(folder) ? "a file, and not a GGUF file" : "not a folder")}. Expected a model "
                    + "in Hugging Face layout (config.json, model.safetensors, tokenizer files), a GGUF file, a name on a hub "
                    + "(OWNER/MODEL), or 'embedded'."
            );
    }
}
