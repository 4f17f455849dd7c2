using System.CommandLine;
using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Core.Feedback;
using Attune.Models.Architecture;
using Attune.Models.Encoders;
using Attune.Models.Files;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training.Rewards;
using Spectre.Console;
using Words = Spectre.Console.Text;

namespace Attune.Cli.Commands.Models;

/// <summary><c>attune model info</c></summary>
internal static class InfoCommand
{
    private static readonly Argument<string> Model = Arguments.ModelArgument();

    public static Command Create()
    {
        var command = new Command("info", "Describe a model: family, sizes, tokenizer.\n\nExample: attune model info embedded") { Model };
        command.SetAction(Show);
        return command;
    }

    private static int Show(ParseResult parsed)
    {
        NativeSetup.LoadTorch();
        var folder = EmbeddedModel.Resolve(parsed.GetRequiredValue(Model));
        if (EncoderConfig.Describes(folder))
        {
            Write(Encoder(folder));
            return 0;
        }

        var text = ChatText.Load(folder);
        Write(Transformer(folder, text));
        foreach (var warning in text.Warnings)
        {
            Console.Out.WriteLine("note: " + warning);
        }

        WriteLabels(Provenance.OfModel(folder));
        return 0;
    }

    private static IEnumerable<(string Name, string Value)> Transformer(string folder, ChatText text)
    {
        var scores = RewardModel.IsAt(folder);
        using TransformerModel model = scores ? ModelFiles.LoadScalarModel(folder) : ModelFiles.LoadLanguageModel(folder);
        var config = model.Config;
        var parameters = model.NamedParameters.Sum(p => p.Parameter.numel());
        var megabytes =
            (File.Exists(folder) ? [folder] : Directory.GetFiles(folder, "*.safetensors")).Sum(f => new FileInfo(f).Length) / 1e6;
        return
        [
            (File.Exists(folder) ? "file" : "folder", folder),
            ("family", config.Family),
            ("parameters", parameters.ToString("N0", CultureInfo.InvariantCulture)),
            ("layers x width", $"{config.Layers} x {config.Width}"),
            ("heads (key-value)", $"{config.Heads} ({config.KeyValueHeads})"),
            ("weights", string.Create(CultureInfo.InvariantCulture, $"{megabytes:N1} MB on disk")),
            ("context", $"{config.ContextLength} tokens"),
            ("vocabulary", Vocabulary(config.VocabularySize, text.Tokenizer)),
            ("chat template", Template(folder, text.Template)),
            (
                "head",
                scores ? "a reward"
                : config.TiedHead ? "tied to the embedding"
                : "own"
            ),
        ];
    }

    private static IEnumerable<(string Name, string Value)> Encoder(string folder)
    {
        using var model = EncoderClassifier.Load(folder);
        var config = model.Config;
        return
        [
            ("folder", folder),
            ("family", $"{config.Family}, an encoder that classifies: a reward, not a policy"),
            ("layers x width", $"{config.Layers} x {config.Width}"),
            ("context", $"{config.ContextLength} tokens"),
            ("vocabulary", Vocabulary(config.VocabularySize, TokenizerFiles.Load(folder))),
            ("classes", string.Join(", ", config.Labels)),
        ];
    }

    private static string Vocabulary(int size, ITokenizer tokenizer) =>
        $"{size} ({tokenizer.GetType().Name}, {tokenizer.VocabularySize} tokens)";

    private static string Template(string folder, IChatTemplate template) =>
        template is JinjaTemplate own
            ? $"the model's own{Source(folder)}; a turn ends with {own.TurnEnd ?? "nothing"}"
            : $"none; {template.Name} is used";

    /// <summary>The file that the template stands in, where that is not the model's file itself.</summary>
    private static string Source(string folder) => Directory.Exists(folder) ? $" ({ChatText.FindTemplate(folder)!.Value.Path})" : "";

    private static void Write(IEnumerable<(string Name, string Value)> rows)
    {
        var table = new Table().HideHeaders().Border(TableBorder.None).AddColumn("").AddColumn("");
        foreach (var (name, value) in rows)
        {
            table.AddRow(new Words(name, new Style(Color.Grey)), new Words(value));
        }

        Terminal.Output().Write(table);
    }

    /// <summary>Whose labels the model was trained on.</summary>
    private static void WriteLabels(Provenance provenance)
    {
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
}
