using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;

namespace Attune.Cli.Commands;

/// <summary>A single stage as a command: its options are made from the same records as recipe keys.</summary>
internal static class StageCommand
{
    /// <param name="name">The command's, where the field has a shorter one than the stage's.</param>
    public static Command Create(string kind, string description, string example, string? name = null)
    {
        name ??= kind;
        var record = typeof(Stage)
            .GetCustomAttributes(typeof(VariantAttribute), inherit: false)
            .Cast<VariantAttribute>()
            .First(v => v.Name == kind)
            .Record;
        var (model, folder, seed, resume) = (Arguments.Model(), Arguments.Out($"runs/{name}"), Arguments.Seed(), Arguments.Resume());
        var command = new Command(name, $"{description}\n\nExample: {example}") { model, folder, seed, resume };
        var options = OptionSchema
            .Of(record)
            .ForCommandLine()
            .Select(o =>
                (
                    Key: o,
                    Option: new Option<string?>(o.Name)
                    {
                        Description = o.Help,
                        HelpName = o.TypeHint,
                        Required = o.Option.IsRequired,
                    }
                )
            )
            .ToImmutableArray();
        foreach (var (_, option) in options)
        {
            command.Add(option);
        }

        command.SetAction(
            (parsed, cancel) =>
            {
                var place = Place.CommandLine;
                var stage = OptionNode.Mapping.Empty(place);
                foreach (var (key, option) in options)
                {
                    if (parsed.GetValue(option) is { } value)
                    {
                        stage = stage.Set(key.Key, key.Read(value));
                    }
                }

                var recipe = OptionNode
                    .Mapping.Empty(place)
                    .Set("name", name, "command line")
                    .Set("seed", parsed.GetValue(seed).ToString(CultureInfo.InvariantCulture), "--seed")
                    .Set("model", new OptionNode.Scalar(parsed.GetValue(model)!, Plain: false, Place.Of("--model")))
                    .Set("stages", new OptionNode.Sequence([OptionNode.Mapping.Empty(place).Set(kind, stage)], place));
                return RunLauncher.LaunchAsync(recipe, parsed.GetValue(folder)!, parsed.GetValue(resume), asksPerson: false, cancel);
            }
        );
        return command;
    }
}
