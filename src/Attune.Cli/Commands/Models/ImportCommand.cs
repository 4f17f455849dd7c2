using System.CommandLine;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Text.Tokenizers;
using Spectre.Console;

namespace Attune.Cli.Commands.Models;

/// <summary><c>attune model import</c></summary>
internal static class ImportCommand
{
    private static readonly Argument<string> Source = new("file")
    {
        Description = "a GGUF file, or a llama2.c checkpoint, legacy or version 1",
        HelpName = "FILE",
    };
    private static readonly Option<string?> Tokenizer = new("--tokenizer")
    {
        Description = "llama2.c's tokenizer file; a GGUF file has its own",
        HelpName = "FILE",
    };
    private static readonly Option<string> Target = Arguments.Target("folder for the model, in Hugging Face layout", "DIR");

    public static Command Create()
    {
        var command = new Command(
            "import",
            "Import a GGUF file or a llama2.c checkpoint.\n\n"
                + "Examples:\n"
                + "  attune model import reviews.gguf --out models/reviews\n"
                + "  attune model import stories260K.bin --tokenizer tok512.bin --out models/stories260K"
        )
        {
            Source,
            Tokenizer,
            Target,
        };
        command.SetAction(Import);
        return command;
    }

    private static int Import(ParseResult parsed)
    {
        NativeSetup.LoadTorch();
        var (source, tokenizer) = (parsed.GetRequiredValue(Source), parsed.GetValue(Tokenizer));
        if (!File.Exists(source))
        {
            throw new ConfigurationException($"{source} does not exist; expected a GGUF file, or a llama2.c checkpoint.");
        }

        var isGguf = GgufFile.IsOne(source);
        if (isGguf != tokenizer is null)
        {
            throw new ConfigurationException(
                isGguf
                    ? "--tokenizer is given, but a GGUF file has its own tokenizer."
                    : $"{source} is not a GGUF file; a llama2.c checkpoint needs --tokenizer, llama2.c's tokenizer file."
            );
        }

        var target = ModelCommand.RequireEmpty(parsed.GetRequiredValue(Target));
        try
        {
            using var model = isGguf ? GgufImport.Read(source, target) : Llama2CCheckpoint.Import(source);
            if (tokenizer is not null)
            {
                TokenizerFiles.ImportLlama2C(tokenizer, model.Config.VocabularySize).Save(target);
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

        return 0;
    }
}
