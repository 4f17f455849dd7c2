using System.CommandLine;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Models.Files;
using Attune.Recipes.Sources;
using Attune.Text.Templates;
using Spectre.Console;

namespace Attune.Cli.Commands;

/// <summary><c>attune model merge</c></summary>
internal static class ModelMerge
{
    public static Command Create()
    {
        var adapter = new Argument<string>("adapter")
        {
            Description = "folder with an adapter in PEFT's layout (adapter_config.json, adapter_model.safetensors)",
            HelpName = "DIR",
        };
        var target = new Option<string>("--out")
        {
            Description = "folder for the merged model, in Hugging Face layout",
            HelpName = "DIR",
            Required = true,
        };
        var origin = new Option<string?>("--base")
        {
            Description = "folder of the base model; left out, the one that the adapter names",
            HelpName = "DIR",
        };
        var type = new Option<string>("--type")
        {
            Description = "number type of the weights",
            HelpName = "f32|bf16",
            DefaultValueFactory = _ => "f32",
        };
        type.AcceptOnlyFromAmong("f32", "bf16");
        var command = new Command(
            "merge",
            "Add an adapter (LoRA, rsLoRA, DoRA) to its base: a whole model that needs no adapter any more.\n\n"
                + "Examples:\n  attune model merge runs/dpo/final --out models/polite\n  attune model merge adapters/polite "
                + "--base models/llama --type bf16 --out models/polite"
        )
        {
            adapter,
            target,
            origin,
            type,
        };
        command.SetAction(
            (parsed, _) =>
            {
                NativeSetup.LoadTorch();
                var (source, folder) = (parsed.GetValue(adapter)!, parsed.GetValue(target)!);
                if (!File.Exists(Path.Combine(source, AdapterFiles.ConfigFile)))
                {
                    throw new AttuneException(
                        $"{source} has no {AdapterFiles.ConfigFile}; expected an adapter's folder. A whole model needs no "
                            + "merging: `attune model export` copies it."
                    );
                }

                ModelCommand.RequireEmpty(folder);
                var begun = EmbeddedModel.Resolve(parsed.GetValue(origin) ?? AdapterFiles.BaseOf(source));
                Merge(source, begun, folder, parsed.GetValue(type) == "bf16" ? WeightType.BF16 : WeightType.F32);
                Terminal.Messages.MarkupLineInterpolated($"[green]merged[/] {source} into {begun}: {folder}");
                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static void Merge(string adapter, string origin, string folder, WeightType type)
    {
        using var model = ModelFiles.LoadLanguageModel(origin);
        if (AdapterFiles.HasScoreHead(adapter))
        {
            using var judge = AdapterFiles.LoadScalarModel(model, adapter);
            using var merged = judge.Copy();
            ModelFiles.Save(merged, folder, type);
        }
        else
        {
            using var adapted = AdapterFiles.LoadLanguageModel(model, adapter);
            using var merged = adapted.Copy();
            ModelFiles.Save(merged, folder, type);
        }

        ChatText.Load(HasTokenizer(adapter) ? adapter : origin).Save(folder);
        // An adapter from elsewhere knows nothing of its base's labels.
        Provenance.OfModel(adapter).With(Provenance.OfModel(origin)).Write(folder);
    }

    private static bool HasTokenizer(string folder) =>
        Directory.EnumerateFiles(folder, "*tok*").Concat(Directory.EnumerateFiles(folder, "vocab*")).Any();
}
