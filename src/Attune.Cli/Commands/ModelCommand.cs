using System.CommandLine;
using System.Globalization;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Models;
using Attune.Models.Weights;
using Attune.Recipes.Sources;
using Attune.Text.Tokenizers;
using Spectre.Console;
using Words = Spectre.Console.Text;

namespace Attune.Cli.Commands;

/// <summary><c>attune model</c></summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Look at models, bring them in and take them out.") { Info(), Import(), Export() };

    private static Command Info()
    {
        var model = new Argument<string>("model") { Description = "model folder in Hugging Face layout, or 'embedded'", HelpName = "DIR" };
        var command = new Command("info", "What a model is: family, sizes, tokenizer.\n\nExample: attune model info embedded") { model };
        command.SetAction((parsed, _) =>
        {
            NativeSetup.LoadTorch();
            var folder = EmbeddedModel.Resolve(parsed.GetValue(model)!);
            using var language = ModelFiles.LoadLanguageModel(folder);
            var tokenizer = TokenizerFiles.Load(folder);
            var config = language.Config;
            var table = new Table().HideHeaders().Border(TableBorder.None).AddColumn("").AddColumn("");
            void Row(string name, string value) => table.AddRow(new Words(name, new Style(Color.Grey)), new Words(value));
            Row("folder", folder);
            Row("family", config.Family);
            Row("parameters", language.NamedParameters.Sum(p => p.Parameter.numel()).ToString("N0", CultureInfo.InvariantCulture));
            Row("layers x width", $"{config.Layers} x {config.Width}");
            Row("heads (key-value)", $"{config.Heads} ({config.KeyValueHeads})");
            Row("context", $"{config.ContextLength} tokens");
            Row("vocabulary", $"{config.VocabularySize} ({tokenizer.GetType().Name}, {tokenizer.VocabularySize} tokens)");
            Row("head", config.TiedHead ? "tied to the embedding" : "own");
            AnsiConsole.Write(table);
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Import()
    {
        var file = new Argument<string>("file") { Description = "a llama2.c checkpoint, legacy or version 1", HelpName = "FILE" };
        var tokenizer = new Option<string>("--tokenizer") { Description = "llama2.c's tokenizer file", HelpName = "FILE", Required = true };
        var folder = new Option<string>("--out") { Description = "folder for the model, in Hugging Face layout", HelpName = "DIR", Required = true };
        var command = new Command("import", "Bring in a llama2.c checkpoint.\n\nExample: attune model import stories260K.bin --tokenizer tok512.bin --out models/stories260K") { file, tokenizer, folder };
        command.SetAction((parsed, _) =>
        {
            NativeSetup.LoadTorch();
            var target = RequireEmpty(parsed.GetValue(folder)!);

            using var model = Llama2CCheckpoint.Import(parsed.GetValue(file)!);
            var words = TokenizerFiles.ImportLlama2C(parsed.GetValue(tokenizer)!, model.Config.VocabularySize);
            ModelFiles.Save(model, target);
            words.Save(target);
            Terminal.Messages.MarkupLineInterpolated($"[green]imported[/] {model.Config.Layers} layers x {model.Config.Width}, {model.Config.VocabularySize} tokens, into {target}");
            return Task.FromResult(0);
        });
        return command;
    }

    private static Command Export()
    {
        var model = new Argument<string>("model") { Description = "model folder in Hugging Face layout, or 'embedded'", HelpName = "DIR" };
        var folder = new Option<string>("--out") { Description = "folder for the copy", HelpName = "DIR", Required = true };
        var type = new Option<string>("--type") { Description = "number type of the weights: f32 or bf16 (half the size)", HelpName = "f32|bf16", DefaultValueFactory = _ => "f32" };
        type.AcceptOnlyFromAmong("f32", "bf16");
        var command = new Command("export", "Write a model in Hugging Face layout with another number type.\n\nExample: attune model export runs/demo/final --type bf16 --out models/reviews") { model, folder, type };
        command.SetAction((parsed, _) =>
        {
            NativeSetup.LoadTorch();
            var source = EmbeddedModel.Resolve(parsed.GetValue(model)!);
            var target = RequireEmpty(parsed.GetValue(folder)!);
            using var language = ModelFiles.LoadLanguageModel(source);
            ModelFiles.Save(language, target, parsed.GetValue(type) == "bf16" ? WeightType.BF16 : WeightType.F32);
            TokenizerFiles.Load(source).Save(target);
            Terminal.Messages.MarkupLineInterpolated($"[green]exported[/] to {target}");
            return Task.FromResult(0);
        });
        return command;
    }

    private static string RequireEmpty(string folder) => Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()
        ? throw new AttuneException($"{folder} is not empty. Choose a new folder for --out.")
        : folder;
}
