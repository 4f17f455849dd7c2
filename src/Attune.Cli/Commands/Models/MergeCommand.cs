using System.CommandLine;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Models.Files;
using Attune.Text.Templates;
using Spectre.Console;

namespace Attune.Cli.Commands.Models;

/// <summary><c>attune model merge</c></summary>
internal static class MergeCommand
{
    private static readonly Argument<string> Adapter = new("adapter")
    {
        Description = "folder with an adapter in PEFT's layout (adapter_config.json, adapter_model.safetensors)",
        HelpName = "DIR",
    };
    private static readonly Option<string> Target = Arguments.Target("folder for the merged model, in Hugging Face layout", "DIR");
    private static readonly Option<string?> Base = new("--base")
    {
        Description = "folder of the base model (default: the one that the adapter names)",
        HelpName = "DIR",
    };
    private static readonly Option<string> Type = Arguments.WordOf("--type", "number type of the weights", "f32", "bf16");

    public static Command Create()
    {
        var command = new Command(
            "merge",
            "Merge an adapter (LoRA, rsLoRA, DoRA) into its base model.\n\n"
                + "Examples:\n"
                + "  attune model merge runs/dpo/final --out models/polite\n"
                + "  attune model merge adapters/polite --base models/llama --type bf16 --out models/polite"
        )
        {
            Adapter,
            Target,
            Base,
            Type,
        };
        command.SetAction(Merge);
        return command;
    }

    private static int Merge(ParseResult parsed)
    {
        NativeSetup.LoadTorch();
        var (source, folder) = (parsed.GetRequiredValue(Adapter), parsed.GetRequiredValue(Target));
        if (!File.Exists(Path.Combine(source, AdapterFiles.ConfigFile)))
        {
            throw new AttuneException(
                $"{source} has no {AdapterFiles.ConfigFile}; expected an adapter's folder. "
                    + "A whole model needs no merging: `attune model export` copies it."
            );
        }

        ModelCommand.RequireEmpty(folder);
        var origin = EmbeddedModel.Resolve(parsed.GetValue(Base) ?? AdapterFiles.BaseOf(source));
        Merge(source, origin, folder, ModelCommand.WeightTypeOf(parsed.GetRequiredValue(Type)));
        Terminal.Messages.MarkupLineInterpolated($"[green]merged[/] {source} into {origin}: {folder}");
        return 0;
    }

    private static void Merge(string adapter, string origin, string folder, WeightType type)
    {
        using var model = ModelFiles.LoadLanguageModel(origin);
        if (AdapterFiles.HasScoreHead(adapter))
        {
            using var merged = AdapterFiles.MergeScalarModel(model, adapter);
            ModelFiles.Save(merged, folder, type);
        }
        else
        {
            using var merged = AdapterFiles.MergeLanguageModel(model, adapter);
            ModelFiles.Save(merged, folder, type);
        }

        ChatText.Load(HasTokenizer(adapter) ? adapter : origin).Save(folder);
        // An adapter from elsewhere does not list its base's labels.
        Provenance.OfModel(adapter).With(Provenance.OfModel(origin)).Write(folder);
    }

    private static bool HasTokenizer(string folder) =>
        Directory.EnumerateFiles(folder, "*tok*").Concat(Directory.EnumerateFiles(folder, "vocab*")).Any();
}
