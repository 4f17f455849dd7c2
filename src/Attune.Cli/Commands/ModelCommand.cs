using System.CommandLine;
using System.Globalization;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Models.Architecture;
using Attune.Models.Encoders;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Models.Hub;
using Attune.Recipes.Sources;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;
using Spectre.Console;
using Words = Spectre.Console.Text;

namespace Attune.Cli.Commands;

/// <summary><c>attune model</c></summary>
internal static class ModelCommand
{
    public static Command Create() =>
        new("model", "Look at models, bring them in and take them out.") { Info(), Pull(), Import(), Export(), ModelMerge.Create() };

    private static Command Info()
    {
        var model = new Argument<string>("model") { Description = "model folder in Hugging Face layout, or 'embedded'", HelpName = "DIR" };
        var command = new Command("info", "What a model is: family, sizes, tokenizer.\n\nExample: attune model info embedded") { model };
        command.SetAction(
            (parsed, _) =>
            {
                NativeSetup.LoadTorch();
                var folder = EmbeddedModel.Resolve(parsed.GetValue(model)!);
                if (EncoderConfig.Describes(folder))
                {
                    ShowEncoder(folder);
                    return Task.FromResult(0);
                }

                var judges = RewardModel.IsAt(folder);
                using TransformerModel loaded = judges ? ModelFiles.LoadScalarModel(folder) : ModelFiles.LoadLanguageModel(folder);
                var text = ChatText.Load(folder);
                var config = loaded.Config;
                var table = new Table().HideHeaders().Border(TableBorder.None).AddColumn("").AddColumn("");
                void Row(string name, string value) => table.AddRow(new Words(name, new Style(Color.Grey)), new Words(value));
                Row("folder", folder);
                Row("family", config.Family);
                Row("parameters", loaded.NamedParameters.Sum(p => p.Parameter.numel()).ToString("N0", CultureInfo.InvariantCulture));
                Row("layers x width", $"{config.Layers} x {config.Width}");
                Row("heads (key-value)", $"{config.Heads} ({config.KeyValueHeads})");
                Row(
                    "weights",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Directory.GetFiles(folder, "*.safetensors").Sum(f => new FileInfo(f).Length) / 1e6:N1} MB on disk"
                    )
                );
                Row("context", $"{config.ContextLength} tokens");
                Row("vocabulary", $"{config.VocabularySize} ({text.Tokenizer.GetType().Name}, {text.Tokenizer.VocabularySize} tokens)");
                Row(
                    "chat template",
                    text.Template is JinjaTemplate
                        ? $"the model's own ({ChatText.FindTemplate(folder)!.Value.Path}); a turn ends with "
                            + $"{((JinjaTemplate)text.Template).TurnEnd ?? "nothing"}"
                        : $"none; {text.Template.Name} is used"
                );
                Row(
                    "head",
                    judges ? "a reward"
                        : config.TiedHead ? "tied to the embedding"
                        : "own"
                );
                AnsiConsole.Write(table);
                foreach (var warning in text.Warnings)
                {
                    Console.Out.WriteLine("note: " + warning);
                }

                Ancestry(folder);
                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static void ShowEncoder(string folder)
    {
        using var loaded = EncoderClassifier.Load(folder);
        var (config, tokenizer) = (loaded.Config, TokenizerFiles.Load(folder));
        var table = new Table().HideHeaders().Border(TableBorder.None).AddColumn("").AddColumn("");
        foreach (
            var (name, value) in new[]
            {
                ("folder", folder),
                ("family", $"{config.Family}, an encoder that classifies: a reward, not a policy"),
                ("layers x width", $"{config.Layers} x {config.Width}"),
                ("context", $"{config.ContextLength} tokens"),
                ("vocabulary", $"{config.VocabularySize} ({tokenizer.GetType().Name}, {tokenizer.VocabularySize} tokens)"),
                ("classes", string.Join(", ", config.Labels)),
            }
        )
        {
            table.AddRow(new Words(name, new Style(Color.Grey)), new Words(value));
        }

        AnsiConsole.Write(table);
    }

    private static Command Pull()
    {
        var name = new Argument<string>("name")
        {
            Description = "the model's name on the hub, with a revision if another than main is wanted",
            HelpName = "OWNER/MODEL[@REVISION]",
        };
        var folder = new Option<string?>("--out")
        {
            Description = "folder for the model; left out, models/ and its name",
            HelpName = "DIR",
        };
        var hub = new Option<string?>("--hub")
        {
            Description = "another hub or a mirror; left out, HF_ENDPOINT from the environment or the public hub",
            HelpName = "URL",
        };
        var command = new Command(
            "pull",
            "Fetch a model from a hub. Cut off, the same command goes on where it stopped; files are checked against the hub's hashes.\n"
                + "A token for models that need one is taken from the environment variable HF_TOKEN.\n\n"
                + "Examples:\n  attune model pull openai-community/gpt2\n  attune model pull Qwen/Qwen2.5-0.5B-Instruct@main "
                + "--hub https://mirror.example.org"
        )
        {
            name,
            folder,
            hub,
        };
        command.SetAction(
            async (parsed, cancel) =>
            {
                var wanted = HubName.Parse(parsed.GetValue(name)!);
                var target = parsed.GetValue(folder) ?? Path.Combine("models", wanted.Model.Split('/')[^1]);
                var address = parsed.GetValue(hub) ?? Environment.GetEnvironmentVariable("HF_ENDPOINT");
                if (
                    !Uri.TryCreate((address ?? ModelHub.Usual.ToString()).TrimEnd('/') + "/", UriKind.Absolute, out var place)
                    || place.Scheme is not ("http" or "https")
                )
                {
                    throw new ConfigurationException($"--hub is '{address}'; expected an address that begins with http:// or https://.");
                }
                using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
                var shown = "";
                var pulled = await new ModelHub(http, place, Environment.GetEnvironmentVariable("HF_TOKEN"), TimeProvider.System).PullAsync(
                    wanted,
                    target,
                    progress =>
                    {
                        // A line for each file and each quarter of it.
                        var line = string.Create(
                            CultureInfo.InvariantCulture,
                            $"{progress.File} {(progress.Size > 0 ? 4 * progress.Received / progress.Size.Value * 25 : 100)} %"
                        );
                        if (line != shown)
                        {
                            Terminal.Messages.MarkupLineInterpolated($"[grey]{shown = line}[/]");
                        }
                    },
                    cancel
                );
                Terminal.Messages.MarkupLineInterpolated(
                    $"[green]pulled[/] {wanted.Model} at {pulled.Commit}: {pulled.Files.Length} files into {target}"
                );
                return 0;
            }
        );
        return command;
    }

    /// <summary>Whose labels are behind a model.</summary>
    private static void Ancestry(string folder)
    {
        var provenance = Provenance.OfModel(folder);
        if (provenance.Snapshots.IsEmpty)
        {
            return;
        }
        Console.Out.WriteLine($"learned from {provenance.Labels} labels of {provenance.Annotators} people:");
        foreach (var entry in provenance.Snapshots)
        {
            var guidelines = entry.Guidelines.IsEmpty ? "" : $", guidelines version {string.Join(", ", entry.Guidelines)}";
            Console.Out.WriteLine(
                $"  snapshot {entry.Snapshot[..12]} of project '{entry.Project}': {entry.Labels} labels of "
                    + $"{entry.Annotators.Length} people{guidelines}, through stage {entry.Through}"
            );
        }
    }

    private static Command Import()
    {
        var file = new Argument<string>("file")
        {
            Description = "a GGUF file (f32, f16, bf16, q8_0), or a llama2.c checkpoint, legacy or version 1",
            HelpName = "FILE",
        };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            Description = "llama2.c's tokenizer file; a GGUF file has its own",
            HelpName = "FILE",
        };
        var folder = new Option<string>("--out")
        {
            Description = "folder for the model, in Hugging Face layout",
            HelpName = "DIR",
            Required = true,
        };
        var command = new Command(
            "import",
            "Bring in a GGUF file or a llama2.c checkpoint.\n\n"
                + "Examples:\n  attune model import reviews.gguf --out models/reviews\n  attune model import stories260K.bin "
                + "--tokenizer tok512.bin --out models/stories260K"
        )
        {
            file,
            tokenizer,
            folder,
        };
        command.SetAction(
            (parsed, _) =>
            {
                NativeSetup.LoadTorch();
                var (source, words) = (parsed.GetValue(file)!, parsed.GetValue(tokenizer));
                var isGguf = GgufFile.IsOne(source);
                if (isGguf != words is null)
                {
                    throw new ConfigurationException(
                        isGguf
                            ? "--tokenizer is given, but a GGUF file has its own tokenizer."
                            : $"{source} is not a GGUF file; a llama2.c checkpoint needs --tokenizer, llama2.c's tokenizer file."
                    );
                }

                var target = RequireEmpty(parsed.GetValue(folder)!);
                try
                {
                    using var model = isGguf ? GgufImport.Read(source, target) : Llama2CCheckpoint.Import(source);
                    if (words is not null)
                    {
                        TokenizerFiles.ImportLlama2C(words, model.Config.VocabularySize).Save(target);
                    }

                    ModelFiles.Save(model, target);
                    var size = $"{model.Config.Layers} layers x {model.Config.Width}, {model.Config.VocabularySize} tokens";
                    Terminal.Messages.MarkupLineInterpolated($"[green]imported[/] {size}, into {target}");
                }
                catch when (Directory.Exists(target))
                {
                    // It was absent or empty: half a model must not be taken for one.
                    Directory.Delete(target, recursive: true);
                    throw;
                }

                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static Command Export()
    {
        var model = new Argument<string>("model") { Description = "model folder in Hugging Face layout, or 'embedded'", HelpName = "DIR" };
        var target = new Option<string>("--out")
        {
            Description = "folder for the copy; a file with --format gguf",
            HelpName = "PATH",
            Required = true,
        };
        var format = new Option<string>("--format")
        {
            Description = "hf (Hugging Face layout) or gguf (one file for llama.cpp)",
            HelpName = "hf|gguf",
            DefaultValueFactory = _ => "hf",
        };
        var type = new Option<string>("--type")
        {
            Description = "number type of the weights: f32, bf16, and with gguf also f16 and q8_0",
            HelpName = "NAME",
            DefaultValueFactory = _ => "f32",
        };
        format.AcceptOnlyFromAmong("hf", "gguf");
        type.AcceptOnlyFromAmong("f32", "bf16", "f16", "q8_0");
        var command = new Command(
            "export",
            "Write a model with another number type or in another format.\n\n"
                + "Examples:\n  attune model export runs/demo/final --type bf16 --out models/reviews\n  attune model export "
                + "runs/demo/final --format gguf --type q8_0 --out reviews.gguf"
        )
        {
            model,
            target,
            format,
            type,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(format) == "hf" && result.GetValue(type) is "f16" or "q8_0")
            {
                result.AddError($"--type {result.GetValue(type)} needs --format gguf; Hugging Face layout takes f32 or bf16.");
            }
        });
        command.SetAction(
            (parsed, _) =>
            {
                NativeSetup.LoadTorch();
                var source = EmbeddedModel.Resolve(parsed.GetValue(model)!);
                var path = parsed.GetValue(target)!;
                if (parsed.GetValue(format) == "gguf")
                {
                    ExportGguf(
                        source,
                        path,
                        parsed.GetValue(type) == "q8_0" ? GgufType.Q8 : Enum.Parse<GgufType>(parsed.GetValue(type)!, ignoreCase: true)
                    );
                }
                else
                {
                    ExportFolder(source, RequireEmpty(path), parsed.GetValue(type) == "bf16" ? WeightType.BF16 : WeightType.F32);
                }

                Terminal.Messages.MarkupLineInterpolated($"[green]exported[/] to {path}");
                return Task.FromResult(0);
            }
        );
        return command;
    }

    private static void ExportFolder(string source, string folder, WeightType type)
    {
        using var language = ModelFiles.LoadLanguageModel(source);
        ModelFiles.Save(language, folder, type);
        ChatText.Load(source).Save(folder);
        Provenance.OfModel(source).Write(folder);
    }

    private static void ExportGguf(string source, string file, GgufType type)
    {
        if (Path.Exists(file))
        {
            throw new AttuneException($"{file} is there already. Choose a new file for --out.");
        }

        using var language = ModelFiles.LoadLanguageModel(source);
        GgufExport.Write(
            language,
            TokenizerFiles.Load(source),
            file,
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))),
            type,
            ChatText.FindTemplate(source)?.Source
        );
    }

    internal static string RequireEmpty(string folder) =>
        Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()
            ? throw new AttuneException($"{folder} is not empty. Choose a new folder for --out.")
            : folder;
}
