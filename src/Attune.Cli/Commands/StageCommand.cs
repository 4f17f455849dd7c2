using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Attune.Core;
using Attune.Methods;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;

namespace Attune.Cli.Commands;

/// <summary>A single stage as a command: its options are made from the same records as recipe keys.</summary>
internal sealed class StageCommand
{
    /// <summary>What a recipe has above its stages, and a file for one stage may have beside its keys.</summary>
    private static readonly string[] RecipeKeys = ["name", "seed", "model", "tracking"];

    private readonly string _kind;
    private readonly string _name;
    private readonly Option<string?> _model = Arguments.StartModel();
    private readonly Option<string> _folder;
    private readonly Option<ulong> _seed = Arguments.Seed();
    private readonly Option<string?> _tracking = Arguments.Tracking();
    private readonly Option<string?> _config = new("--config")
    {
        Description =
            "YAML file of options, as keys (learning_rate: 1e-5) with model, seed and tracking beside them; options given here win",
        HelpName = "FILE.yaml",
    };
    private readonly Option<string[]> _set = Arguments.SetOfStage();
    private readonly Option<bool> _resume = Arguments.Resume();
    private readonly Option<string?> _from = Arguments.ResumeFrom();
    private readonly Option<bool> _dryRun = Arguments.DryRun();
    private readonly ImmutableArray<(CommandLineOption Key, Option<string?> Option)> _options;

    private StageCommand(string kind, string name, Type record) =>
        (_kind, _name, _folder, _options) = (kind, name, Arguments.Out($"runs/{name}"), OptionsOf(record));

    /// <summary>One command for each method that a stage runs, in the order of the registry.</summary>
    public static IEnumerable<Command> All() =>
        from method in MethodRegistry.All
        let record = MethodStages.RecordOf(method)
        where record is not null
        select new StageCommand(method.Key, method.Command, record).Create(method.Summary, method.Example);

    /// <summary>A judge is measured by a stage that runs no method.</summary>
    public static Command Judge() =>
        new StageCommand(JudgeStage.Key, JudgeStage.Key, typeof(JudgeStage)).Create(
            JudgeStage.Summary,
            "attune judge --data preferences.jsonl --constitution recipes/constitutions/general.yaml --judge-model DIR --out runs/judge"
        );

    private Command Create(string summary, string example)
    {
        var description = char.ToUpperInvariant(summary[0]) + summary[1..];
        var command = new Command(_name, $"{description}.\n\nExample: {example}")
        {
            _model,
            _folder,
            _seed,
            _tracking,
            _config,
            _set,
            _resume,
            _from,
            _dryRun,
        };
        foreach (var (_, option) in _options)
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            // What a file may hold is only missing where there is none.
            foreach (var option in result.GetResult(_config) is null ? Needed() : [])
            {
                if (result.GetResult(option) is null)
                {
                    result.AddError($"Option '{option.Name}' is required.");
                }
            }
        });
        command.SetAction(
            (parsed, cancel) =>
                RunLauncher.LaunchAsync(
                    Recipe(parsed),
                    parsed.GetValue(_folder)!,
                    Arguments.LaunchOf(parsed, _resume, _from, _dryRun),
                    asksPerson: false,
                    cancel
                )
        );
        return command;
    }

    private IEnumerable<Option> Needed() => [_model, .. _options.Where(o => o.Key.Option.IsRequired).Select(o => o.Option)];

    private OptionNode.Mapping Recipe(ParseResult parsed)
    {
        var place = Place.CommandLine;
        var (head, stage) = parsed.GetValue(_config) is { } file
            ? Divided(RecipeFile.Read(file), file)
            : (OptionNode.Mapping.Empty(place), OptionNode.Mapping.Empty(place));
        foreach (var (key, option) in _options)
        {
            if (parsed.GetValue(option) is { } value)
            {
                stage = stage.Set(key.Key, key.Read(value));
            }
        }

        head = head.Find("name") is null ? head.Set("name", _name, "command line") : head;
        if (parsed.GetResult(_seed) is { Implicit: false })
        {
            head = head.Set("seed", parsed.GetValue(_seed).ToString(CultureInfo.InvariantCulture), "--seed");
        }

        if (parsed.GetValue(_model) is { } model)
        {
            head = head.Set("model", new OptionNode.Scalar(model, Plain: false, Place.Of("--model")));
        }

        var stages = new OptionNode.Sequence([OptionNode.Mapping.Empty(place).Set(_kind, stage)], place);
        var recipe = head.SetTracking(parsed.GetValue(_tracking)).Set("stages", stages);
        return (parsed.GetValue(_set) ?? []).Aggregate(recipe, Assign);
    }

    /// <summary>A key of the stage need not be led by its name.</summary>
    private OptionNode.Mapping Assign(OptionNode.Mapping recipe, string assignment)
    {
        var first = assignment.Split('=', '.')[0].Trim();
        return recipe.Assign(first == _kind || RecipeKeys.Contains(first) ? assignment : $"{_kind}.{assignment}", "--set");
    }

    /// <summary>A file's keys: those of a recipe's head, and those of the stage.</summary>
    private static (OptionNode.Mapping Head, OptionNode.Mapping Stage) Divided(OptionNode.Mapping file, string path)
    {
        if (file.Find("stages") is not null)
        {
            throw new ConfigurationException(
                $"{path} is a recipe, as it has stages; expected the keys of one stage. Run it by attune run {path}."
            );
        }

        return (
            file with
            {
                Entries = [.. file.Entries.Where(e => RecipeKeys.Contains(e.Key))],
            },
            file with
            {
                Entries = [.. file.Entries.Where(e => !RecipeKeys.Contains(e.Key))],
            }
        );
    }

    private static ImmutableArray<(CommandLineOption Key, Option<string?> Option)> OptionsOf(Type record)
    {
        var keys = OptionSchema.Of(record).ForCommandLine();
        var heldOut = keys.Any(k => k.Key == "held_out_data") ? "held_out_data" : "held_out_prompts";
        return
        [
            .. keys.Select(key =>
            {
                var option = new Option<string?>(key.Name)
                {
                    Description = key.Help + (key.Option.IsRequired ? " (required)" : ""),
                    HelpName = key.TypeHint,
                };
                if (key.Key == heldOut)
                {
                    option.Aliases.Add("--eval-data");
                }

                return (key, option);
            }),
        ];
    }
}
