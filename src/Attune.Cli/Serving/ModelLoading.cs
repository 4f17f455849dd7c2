using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Models.Files;
using Attune.Training.Serving;
using Attune.Training.Tokens;
using Spectre.Console;

namespace Attune.Cli.Serving;

/// <summary>Loads a model folder to serve it.</summary>
internal static class ModelLoading
{
    /// <param name="folder">A folder in Hugging Face layout, a GGUF file, or 'embedded'; its last name is the model's.</param>
    /// <param name="template">A chat template's name, for a model that has none of its own, or a file.</param>
    /// <param name="type">As for <see cref="DecodingType.Of"/>.</param>
    public static ServedModel Load(string folder, string? template, ServingOptions options, string type)
    {
        NativeSetup.LoadTorch();
        var resolved = EmbeddedModel.Resolve(folder);
        var text = ModelTokenizer.Load(resolved, template);
        foreach (var warning in text.Warnings)
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{warning}[/]");
        }

        var (kernel, blocks) = DecodingType.Of(type, resolved);
        using var model = ModelFiles.LoadLanguageModel(resolved);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new ServedModel(
            File.Exists(resolved) ? Path.GetFileNameWithoutExtension(name) : name,
            text,
            model,
            options with
            {
                Type = kernel,
                Blocks = blocks,
            },
            onLent: lent => Terminal.Messages.MarkupLineInterpolated($"[yellow]{lent.LentNote}[/]")
        );
    }
}
