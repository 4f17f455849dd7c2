using System.CommandLine;
using System.Globalization;
using Attune.Cli.Commands.Feedback;
using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Control.Preferences;
using Attune.Core.Runs;
using Attune.Feedback;
using Attune.Reports.Control;
using Attune.Training.Checkpoints;

namespace Attune.Cli.Commands.Control;

/// <summary><c>attune control preferences ENVIRONMENT</c></summary>
internal static class PreferencesCommand
{
    private static readonly Option<long?> Steps = PpoCommand.Steps();
    private static readonly Option<int> Questions = Arguments.Count("--questions", "clips compared in the whole run", 700);
    private static readonly Option<double?> ClipSeconds = ControlArguments.Number("--clip-seconds", "length of a clip (default 1.5)");
    private static readonly Option<int?> ClipSteps = new("--clip-steps")
    {
        Description = "length of a clip in steps, in place of seconds; 1 compares single states",
        HelpName = "N",
    };

    private static readonly Option<double?> Untrained = ControlArguments.Number(
        "--untrained-share",
        "share of the questions about the untrained policy (default 0.25); 1 asks all beforehand"
    );

    private static readonly Option<string> Choice = Arguments.WordOf(
        "--choice",
        "which clips are asked about: any, or those on which the ensemble disagrees most",
        "random",
        "disagreement"
    );

    private static readonly Option<double?> Mistakes = ControlArguments.Number(
        "--mistakes",
        "share of the simulated person's answers that are wrong (default 0)"
    );

    private static readonly Option<double?> Rationality = ControlArguments.Number(
        "--rationality",
        "of the simulated person: how far a difference of rewards decides (default: always)"
    );

    private static readonly Option<double?> EqualWithin = ControlArguments.Number(
        "--equal-within",
        "sums of rewards closer than this are equal to the simulated person (default 0)"
    );

    private static readonly Option<double?> Myopia = ControlArguments.Number(
        "--myopia",
        "weight of a step relative to the one after it, to the simulated person (default 1)"
    );

    private static readonly Option<double?> SkipBelow = ControlArguments.Number(
        "--skip-below",
        "sums of rewards below this in both clips are skipped by the simulated person"
    );

    private static readonly Option<string?> Project = new("--project")
    {
        Description = "people of this project of the annotation app compare the clips, in place of the simulated person",
        HelpName = "NAME",
    };

    private static readonly Option<string> Database = FeedbackArguments.Database();

    public static Command Create()
    {
        var shared = new ControlArguments("preferences");
        var command = new Command(
            "preferences",
            "Train an agent by a reward that is learned from compared clips (Christiano and others 2017), answered by a simulated person "
                + "who judges by the environment's reward, or by people in the annotation app (--project).\n\n"
                + "Example: attune control preferences Pendulum-v1 --questions 200 --seeds 3 --out runs/pendulum"
        );
        shared.AddTo(command);
        command.Add(shared.Tracking);
        foreach (var option in Own)
        {
            command.Add(option);
        }

        command.RequireAtLeast(Questions, 1);
        command.SetAction((parsed, cancel) => RunAsync(shared, parsed, cancel));
        return command;
    }

    private static IEnumerable<Option> Own =>
        [
            Steps,
            Questions,
            ClipSeconds,
            ClipSteps,
            Untrained,
            Choice,
            Mistakes,
            Rationality,
            EqualWithin,
            Myopia,
            SkipBelow,
            Project,
            Database,
        ];

    private static Task<int> RunAsync(ControlArguments shared, ParseResult parsed, CancellationToken cancel)
    {
        var make = shared.Maker(parsed);
        var (policy, options, person) = (
            PpoCommand.OptionsFor(make(), parsed.GetValue(Steps), learnedReward: true),
            Read(parsed),
            Person(parsed)
        );
        options.Validate();
        person.Validate();
        var plan = shared.Plan(parsed, "preferences", SettingsOf(policy, options, person), Notes(make()));
        var (project, database) = (parsed.GetValue(Project), parsed.GetRequiredValue(Database));
        return ControlRuns.RunAsync(
            plan,
            async run =>
            {
                if (project is null)
                {
                    var simulated = new SimulatedPerson(person, new Seed(run.Seed).For("person"));
                    return await TrainAsync(make, policy, options, simulated, run, plan.TestEpisodes);
                }

                await using var store = await new FeedbackStores().OpenAsync(database, project, run.Cancel);
                var people = store.AskAs($"control-{plan.Environment}-{run.Seed}", TimeSpan.FromSeconds(1));
                return await TrainAsync(make, policy, options, new StoreClipJudge(people, make()), run, plan.TestEpisodes);
            },
            cancel
        );
    }

    private static PreferenceOptions Read(ParseResult parsed)
    {
        var defaults = new PreferenceOptions();
        return defaults with
        {
            Questions = parsed.GetValue(Questions),
            ClipSeconds = parsed.GetValue(ClipSeconds) ?? defaults.ClipSeconds,
            ClipSteps = parsed.GetValue(ClipSteps),
            UntrainedShare = parsed.GetValue(Untrained) ?? defaults.UntrainedShare,
            Choice = Enum.Parse<QuestionChoice>(parsed.GetRequiredValue(Choice), ignoreCase: true),
        };
    }

    private static SimulatedPersonOptions Person(ParseResult parsed) =>
        new()
        {
            Mistakes = parsed.GetValue(Mistakes) ?? 0,
            Rationality = parsed.GetValue(Rationality) ?? double.PositiveInfinity,
            EqualWithin = parsed.GetValue(EqualWithin) ?? 0,
            Myopia = parsed.GetValue(Myopia) ?? 1,
            SkipBelow = parsed.GetValue(SkipBelow),
        };

    /// <summary>Where the length of an episode varies, a learned reward may win by its sign alone.</summary>
    private static IEnumerable<string> Notes(IEnvironment environment) =>
        environment.HasFixedLength
            ? []
            :
            [
                $"episodes of {environment.Name} differ in length, which tells a learner of rewards how good they were, "
                    + $"whatever the labels say. Take {environment.Name}-fixed.",
            ];

    private static Dictionary<string, string> SettingsOf(ControlPpoOptions policy, PreferenceOptions options, SimulatedPersonOptions person)
    {
        var settings = PpoCommand.SettingsOf(policy);
        settings["questions"] = options.Questions.ToString(CultureInfo.InvariantCulture);
        settings["untrained_share"] = ControlArguments.Text(options.UntrainedShare);
        settings["clip"] = options.ClipSteps is { } steps ? $"{steps} steps" : $"{ControlArguments.Text(options.ClipSeconds)} s";
        settings["choice"] = options.Choice == QuestionChoice.Random ? "random" : "disagreement";
        settings["person"] =
            $"rationality {ControlArguments.Text(person.Rationality)}, myopia {ControlArguments.Text(person.Myopia)}, mistakes "
            + $"{ControlArguments.Text(person.Mistakes)}, equal within {ControlArguments.Text(person.EqualWithin)}, skips below "
            + (person.SkipBelow is { } least ? ControlArguments.Text(least) : "nothing");
        return settings;
    }

    private static async Task<ControlSeed> TrainAsync(
        Func<IEnvironment> make,
        ControlPpoOptions policy,
        PreferenceOptions options,
        IClipJudge judge,
        ControlSeedRun run,
        int testEpisodes
    )
    {
        using var log = new RoundLog(run.Folder, run.Screen, policy.TotalSteps, run.Tracking);
        var seed = new Seed(run.Seed);
        var (agent, rewards) = await PreferenceTraining.RunAsync(
            make,
            policy,
            options,
            judge,
            seed,
            log,
            new DirectoryCheckpoints(run.Folder, []),
            PpoCommand.CheckpointEvery,
            run.Cancel
        );
        using var first = agent;
        using var second = rewards;
        run.Cancel.ThrowIfCancellationRequested();
        return PpoCommand.Tested(agent, make, policy, run, log, testEpisodes);
    }
}
