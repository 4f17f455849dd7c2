using System.CommandLine;
using System.CommandLine.Parsing;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Text.Gguf;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Spectre.Console;

namespace Attune.Cli.Commands.Models;

/// <summary><c>attune model export</c></summary>
internal static class ExportCommand
{
    private static readonly Argument<string> Model = Arguments.ModelArgument();
    private static readonly Option<string> Target = Arguments.Target("folder for the copy; with --format gguf, a file", "PATH");
    private static readonly Option<string> Format = Arguments.WordOf(
        "--format",
        "hf (Hugging Face layout) or gguf (one file for llama.cpp)",
        "hf",
        "gguf"
    );
    private static readonly Option<string> Type = Arguments.WordOf(
        "--type",
        "number type of the weights; f16, q8_0, q4_1 and q4_0 only with --format gguf (in 4 bits, embeddings and head take 8)",
        "f32",
        "bf16",
        "f16",
        "q8_0",
        "q4_1",
        "q4_0"
    );

    public static Command Create()
    {
        var command = new Command(
            "export",
            "Write a model in another format or number type.\n\n"
                + "Examples:\n"
                + "  attune model export runs/demo/final --type bf16 --out models/reviews\n"
                + "  attune model export runs/demo/final --format gguf --type q8_0 --out reviews.gguf"
        )
        {
            Model,
            Target,
            Format,
            Type,
        };
        command.Validators.Add(RequireTypeOfFormat);
        command.SetAction(Export);
        return command;
    }

    private static void RequireTypeOfFormat(CommandResult result)
    {
        var isHuggingFace = !result.TryGet(Format, out var format) ? result.GetResult(Format) is not { Implicit: false } : format == "hf";
        if (isHuggingFace && result.TryGet(Type, out var type) && type is not ("f32" or "bf16"))
        {
            result.AddError($"--type {type} needs --format gguf; Hugging Face layout takes f32 or bf16.");
        }
    }

    private static int Export(ParseResult parsed)
    {
        NativeSetup.LoadTorch();
        var source = EmbeddedModel.Resolve(parsed.GetRequiredValue(Model));
        var (path, type) = (parsed.GetRequiredValue(Target), parsed.GetRequiredValue(Type));
        if (parsed.GetValue(Format) == "gguf")
        {
            ExportGguf(source, path, GgufTypeOf(type));
        }
        else
        {
            ExportFolder(source, ModelCommand.RequireEmpty(path), ModelCommand.WeightTypeOf(type));
        }

        Terminal.Messages.MarkupLineInterpolated($"[green]exported[/] to {path}");
        return 0;
    }

    private static GgufType GgufTypeOf(string word) =>
        word switch
        {
            "q8_0" => GgufType.Q8,
            "q4_0" => GgufType.Q40,
            "q4_1" => GgufType.Q41,
            _ => Enum.Parse<GgufType>(word, ignoreCase: true),
        };

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
            throw new AttuneException($"{file} exists already. Choose a new file for --out.");
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
}
