using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Attune.Methods;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;

namespace Attune.Cli.Commands;

/// <summary>A single stage as a command: its options are made from the same records as recipe keys.</summary>
internal static class StageCommand
{
    /// <summary>One command for each method that a stage runs, in the order of the registry.</summary>
    public static IEnumerable<Command> All() =>
        from method in MethodRegistry.All
        let record = MethodStages.RecordOf(method)
        where record is not null
        select Create(method.Key, method.Command, method.Summary, method.Example, record);

    /// <summary>A judge is measured by a stage that runs no method.</summary>
    public static Command Judge() =>
        Create(
            JudgeStage.Key,
            JudgeStage.Key,
            JudgeStage.Summary,
            "attune judge --data preferences.jsonl --constitution recipes/constitutions/general.yaml --judge-model DIR --out runs/judge",
            typeof(JudgeStage)
        );

    private static Command Create(string kind, string name, string summary, string example, Type record)
    {
        var (model, folder, seed, resume) = (Arguments.Model(), Arguments.Out($"runs/{name}"), Arguments.Seed(), Arguments.Resume());
        var (tracking, from) = (Arguments.Tracking(), Arguments.ResumeFrom());
        var description = char.ToUpperInvariant(summary[0]) + summary[1..];
        var command = new Command(name, $"{description}.\n\nExample: {example}") { model, folder, seed, tracking, resume, from };
        var options = OptionsOf(record);
        foreach (var (_, option) in options)
        {
            command.Add(option);
        }

        command.SetAction(
            (parsed, cancel) =>
            {
                var place = Place.CommandLine;
                var recipe = OptionNode
                    .Mapping.Empty(place)
                    .Set("name", name, "command line")
                    .Set("seed", parsed.GetValue(seed).ToString(CultureInfo.InvariantCulture), "--seed")
                    .SetTracking(parsed.GetValue(tracking))
                    .Set("model", new OptionNode.Scalar(parsed.GetValue(model)!, Plain: false, Place.Of("--model")))
                    .Set("stages", new OptionNode.Sequence([OptionNode.Mapping.Empty(place).Set(kind, Given(parsed, options))], place));
                return RunLauncher.LaunchAsync(
                    recipe,
                    parsed.GetValue(folder)!,
                    Arguments.ResumptionOf(parsed, resume, from),
                    asksPerson: false,
                    cancel
                );
            }
        );
        return command;
    }

    private static ImmutableArray<(CommandLineOption Key, Option<string?> Option)> OptionsOf(Type record) =>
        [
            .. OptionSchema
                .Of(record)
                .ForCommandLine()
                .Select(o =>
                    (
                        o,
                        new Option<string?>(o.Name)
                        {
                            Description = o.Help,
                            HelpName = o.TypeHint,
                            Required = o.Option.IsRequired,
                        }
                    )
                ),
        ];

    /// <summary>The options that were given, as the recipe's keys.</summary>
    private static OptionNode.Mapping Given(ParseResult parsed, ImmutableArray<(CommandLineOption Key, Option<string?> Option)> options)
    {
        var stage = OptionNode.Mapping.Empty(Place.CommandLine);
        foreach (var (key, option) in options)
        {
            if (parsed.GetValue(option) is { } value)
            {
                stage = stage.Set(key.Key, key.Read(value));
            }
        }

        return stage;
    }
}
