using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.ComponentModel;
using System.Globalization;
using Attune.Cli.Serving;
using Attune.Core;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Cli.Commands;

/// <summary>Options that several commands share.</summary>
internal static class Arguments
{
    private const string ModelFolder = "model folder in Hugging Face layout, a GGUF file, a name on a hub (fetched once), or 'embedded'";

    public static Option<string> Model() =>
        new("--model")
        {
            Description = ModelFolder,
            Required = true,
            HelpName = "DIR",
        };

    /// <summary>The same for a command that may read it from a file of options.</summary>
    public static Option<string?> StartModel() => new("--model") { Description = ModelFolder + " (required)", HelpName = "DIR" };

    public static Argument<string> ModelArgument() => new("model") { Description = ModelFolder, HelpName = "DIR" };

    public static Option<string> Out(string fallback) =>
        new("--out")
        {
            Description = "folder for the run",
            HelpName = "DIR",
            DefaultValueFactory = _ => fallback,
        };

    /// <summary>The folder or file that a command writes; it has to be given.</summary>
    public static Option<string> Target(string description, string hint) =>
        new("--out")
        {
            Description = description,
            HelpName = hint,
            Required = true,
        };

    public static Option<string?> Template(string before = "") =>
        new("--template")
        {
            Description =
                before + "chat template: a file of Jinja, or chatml, llama2, llama3 or plain for a model that has none of its own",
            HelpName = "FILE|NAME",
        };

    public static Option<bool> Resume() => new("--resume") { Description = "continue the run in --out" };

    /// <summary>Continues from a checkpoint of one's choice.</summary>
    public static Option<string?> ResumeFrom() =>
        new("--resume-from")
        {
            Description = "continue the run in --out from this checkpoint, as in checkpoint-200; later ones are set aside",
            HelpName = "CHECKPOINT",
        };

    /// <summary>Trains nothing, but says what training would take.</summary>
    public static Option<bool> DryRun() =>
        new("--dry-run")
        {
            Description = "try three rounds of each stage, say rows, tokens, time and memory that the whole would take, and keep nothing",
        };

    /// <exception cref="ConfigurationException">The checkpoint is none.</exception>
    public static Launch LaunchOf(ParseResult parsed, Option<bool> resume, Option<string?> from, Option<bool> dryRun)
    {
        if (parsed.GetValue(from) is not { } checkpoint)
        {
            return new(parsed.GetValue(resume), null, parsed.GetValue(dryRun));
        }

        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(checkpoint));
        var digits = name.StartsWith("checkpoint-", StringComparison.Ordinal) ? name["checkpoint-".Length..] : name;
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var updates)
            ? new(true, updates)
            : throw new ConfigurationException(
                $"--resume-from is '{checkpoint}'; expected a checkpoint of the run in --out, such as checkpoint-200."
            );
    }

    /// <summary>Forms of a run's figures besides its event log.</summary>
    public static Option<string?> Tracking() =>
        new("--tracking")
        {
            Description =
                "write the figures also for other tools: tensorboard (event files), csv (a table), trackio (a database), or several with "
                + "commas",
            HelpName = "FORMS",
        };

    /// <summary>The forms that were given to a command without a recipe.</summary>
    /// <exception cref="ConfigurationException">One is unknown.</exception>
    public static ImmutableArray<Tracking> TrackingOf(string? forms) =>
        forms is null ? [] : Binder.Bind<TrackingForms>(OptionNode.Mapping.Empty(Place.Of("--tracking")).SetTracking(forms)).Tracking;

    /// <summary>The forms that were given, as a recipe has them; the recipe's own where none were.</summary>
    public static OptionNode.Mapping SetTracking(this OptionNode.Mapping recipe, string? forms)
    {
        var place = Place.Of("--tracking");
        return forms is null
            ? recipe
            : recipe.Set(
                "tracking",
                new OptionNode.Sequence(
                    [
                        .. forms
                            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                            .Select(form => new OptionNode.Scalar(form, Plain: false, place)),
                    ],
                    place
                )
            );
    }

    public static Option<string[]> Set() => Set("override a recipe key, e.g. --set ppo.kl_coefficient=0.1; may be given several times");

    /// <summary>The same for a command of one stage, whose keys need no name before them.</summary>
    public static Option<string[]> SetOfStage() =>
        Set("set an option by its recipe key, e.g. --set learning_rate=1e-5; may be given several times");

    private static Option<string[]> Set(string description) =>
        new("--set")
        {
            Description = description,
            HelpName = "KEY=VALUE",
            AllowMultipleArgumentsPerToken = false,
        };

    public static Option<string?> Columns() =>
        new("--columns") { Description = "which columns stand for which fields: prompt=question,completion=reply", HelpName = "MAP" };

    /// <summary>The map that <see cref="Columns"/> gives; null without one.</summary>
    public static ColumnMap? ColumnsOf(this ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } map ? DatasetFile.Columns(map) : null;

    public static Option<ulong> Seed() =>
        new("--seed")
        {
            Description = "seed of all random numbers",
            HelpName = "N",
            DefaultValueFactory = _ => 1UL,
        };

    public static Option<bool> Json(string description = "print JSON for scripts") => new("--json") { Description = description };

    /// <summary>The number type in which a model is run.</summary>
    public static Option<string> KernelType() =>
        WordOf(
            "--type",
            "numbers to compute in: f32 (exact), bf16 (about twice as fast), weights quantised to 8 or 4 bits (q8, q4: least memory), or "
                + "the blocks of a GGUF file as they are (file)",
            "f32",
            "bf16",
            "q8",
            "q4",
            DecodingType.OwnBlocks
        );

    /// <summary>An option that takes one of a few words; the first is the default.</summary>
    public static Option<string> WordOf(string name, string description, params string[] words)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => words[0],
        };
        option.AcceptOnlyFromAmong(words);
        return option;
    }

    public static Option<int> Count(string name, string description, int fallback) =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => fallback,
        };

    /// <summary>Refuses shares that leave nothing, or more than there is.</summary>
    public static void RequireShare(this Command command, Option<double> option) =>
        command.Require(option, share => share is >= 0 and < 1, "a share from 0 to below 1, e.g. 0.1");

    /// <summary>Refuses what is no port of a machine; 0 takes any that is free.</summary>
    public static void RequirePort(this Command command, Option<int> option) =>
        command.Require(option, port => port is >= 0 and <= 65535, "a port from 0 to 65535");

    /// <summary>Refuses numbers below the least that makes sense.</summary>
    public static void RequireAtLeast(this Command command, Option<int> option, int least) =>
        command.Require(option, number => number >= least, FormattableString.Invariant($"at least {least}"));

    private static void Require<T>(this Command command, Option<T> option, Func<T, bool> isValid, string expected) =>
        command.Validators.Add(result =>
        {
            if (result.TryGet(option, out var value) && !isValid(value!))
            {
                result.AddError(FormattableString.Invariant($"{option.Name} is {value}; expected {expected}."));
            }
        });

    /// <summary>
    /// The value within a validator. False where the user gave none, or one that the option cannot have: asking for that one throws, and
    /// the parser reports it.
    /// </summary>
    public static bool TryGet<T>(this CommandResult result, Option<T> option, out T? value)
    {
        value = default;
        try
        {
            if (result.GetResult(option) is not { Implicit: false } given)
            {
                return false;
            }

            value = given.GetValueOrDefault<T>();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}

/// <summary>The key of a recipe by itself.</summary>
internal sealed record TrackingForms
{
    [Description("forms to write the figures in")]
    public ImmutableArray<Tracking> Tracking { get; init; } = [];
}
