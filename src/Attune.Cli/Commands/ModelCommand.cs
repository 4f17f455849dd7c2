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
    public static Command Create() => new("model", "Look at models and bring them in.") { Info(), Import() };

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
            var target = parsed.GetValue(folder)!;
            if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            {
                throw new AttuneException($"{target} is not empty. Choose a new folder for --out.");
            }

            using var model = Llama2CCheckpoint.Import(parsed.GetValue(file)!);
            var words = TokenizerFiles.ImportLlama2C(parsed.GetValue(tokenizer)!, model.Config.VocabularySize);
            ModelFiles.Save(model, target);
            words.Save(target);
            Terminal.Messages.MarkupLineInterpolated($"[green]imported[/] {model.Config.Layers} layers x {model.Config.Width}, {model.Config.VocabularySize} tokens, into {target}");
            return Task.FromResult(0);
        });
        return command;
    }
}
