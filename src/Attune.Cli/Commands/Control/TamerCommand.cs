using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Control.Tamer;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Reports.Control;
using Attune.Web.Teaching;

namespace Attune.Cli.Commands.Control;

/// <summary><c>attune control tamer ENVIRONMENT</c></summary>
internal static class TamerCommand
{
    private const int StepLimit = 500;

    private static readonly Option<int> Episodes = Arguments.Count("--episodes", "episodes that are taught", 10);

    private static readonly Option<string> Credit = Arguments.WordOf(
        "--credit",
        "which steps an answer is for: those 0.2 to 0.8 s before it, by a gamma delay, the one before, or the one on the screen",
        "uniform",
        "gamma",
        "previous",
        "immediate"
    );

    private static readonly Option<string> Model = Arguments.WordOf(
        "--model",
        "what learns: a grid of bumps, or a small network",
        "radial",
        "network"
    );

    private static readonly Option<double?> AnswerRate = ControlArguments.Number("--answer-rate", "share of steps answered (default 0.4)");

    private static readonly Option<double?> ErrorRate = ControlArguments.Number(
        "--error-rate",
        "share of answers that are wrong (default 0.05)"
    );

    private static readonly Option<string?> Trainer = new("--trainer")
    {
        Description = "agent.json of a trained agent whose actions the simulated trainer wants (default for MountainCar-v0: swing up)",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Log = new("--log")
    {
        Description = "learn from this log and no one else",
        HelpName = "FILE.jsonl",
    };

    private static readonly Option<bool> Person = new("--person")
    {
        Description = "teach it yourself in the browser, on this machine; --resume goes on with a session that was stopped",
    };

    private static readonly Option<int> Port = Arguments.Count("--port", "of the page for --person; 0 for any that is free", 5101);

    public static Command Create()
    {
        var shared = new ControlArguments("tamer");
        var command = new Command(
            "tamer",
            "Teach an agent by praise (TAMER, Knox and Stone 2008), from a simulated trainer, by yourself "
                + "(--person), or from the log of a session.\n\n"
                + "Example: attune control tamer MountainCar-v0 --episodes 3 --seeds 10 --out runs/praised"
        );
        shared.AddTo(command);
        foreach (
            var option in new Option[] { Episodes, Credit, Model, AnswerRate, ErrorRate, Trainer, Log, Person, Port }.Concat(
                TaughtEpisodes.Options
            )
        )
        {
            command.Add(option);
        }

        command.RequireAtLeast(Episodes, 1);
        command.RequirePort(Port);
        command.SetAction(
            (parsed, cancel) =>
            {
                var name = shared.Maker(parsed)().Name;
                IEnvironment Make() => name == "MountainCar-v0" ? new MountainCar(StepLimit) : EnvironmentCatalog.Make(name);
                ControlArguments.RequireDiscrete(Make(), "TAMER");
                ImmutableArray<TamerEvent>? events = parsed.GetValue(Log) is { } log ? Events(log, Make()) : null;
                var approves = events is null && !parsed.GetValue(Person) ? Approval(parsed, Make()) : (_, _) => true;
                var settings = SettingsOf(parsed);
                var plan = shared.Plan(parsed, "tamer", settings, []);
                return ControlRuns.RunAsync(
                    plan,
                    run =>
                        parsed.GetValue(Person)
                            ? TeachByPersonAsync(parsed, Make, run, plan.TestEpisodes)
                            : TeachAsync(parsed, Make, approves, events, run, plan.TestEpisodes),
                    cancel
                );
            }
        );
        return command;
    }

    private static Dictionary<string, string> SettingsOf(ParseResult parsed)
    {
        var trainer = TrainerOptions(parsed);
        return new Dictionary<string, string>
        {
            ["episodes"] = parsed.GetValue(Episodes).ToString(CultureInfo.InvariantCulture),
            ["credit"] = parsed.GetRequiredValue(Credit),
            ["model"] = parsed.GetRequiredValue(Model),
            ["answer_rate"] = ControlArguments.Text(trainer.AnswerRate),
            ["error_rate"] = ControlArguments.Text(trainer.ErrorRate),
            ["trainer"] = parsed.GetValue(Trainer) ?? "rule",
            ["person"] = parsed.GetValue(Person) ? "yes" : "no",
            ["log"] = parsed.GetValue(Log) ?? "none",
        };
    }

    private static SimulatedTrainerOptions TrainerOptions(ParseResult parsed)
    {
        var defaults = new SimulatedTrainerOptions();
        var options = defaults with
        {
            AnswerRate = parsed.GetValue(AnswerRate) ?? defaults.AnswerRate,
            ErrorRate = parsed.GetValue(ErrorRate) ?? defaults.ErrorRate,
        };
        return options is { AnswerRate: >= 0 and <= 1, ErrorRate: >= 0 and <= 1 }
            ? options
            : throw new AttuneException($"answer rate {options.AnswerRate}, error rate {options.ErrorRate}; expected shares from 0 to 1.");
    }

    private static Func<float[], int, bool> Approval(ParseResult parsed, IEnvironment environment)
    {
        if (parsed.GetValue(Trainer) is not { } file)
        {
            return environment is MountainCar
                ? SimulatedTrainer.SwingsUp
                : throw new AttuneException(
                    $"no trainer knows what is good in {environment.Name}: give --trainer RUN/seed-0/agent.json, an agent that "
                        + $"'attune control ppo {environment.Name}' trained, or --log."
                );
        }

        Native.NativeSetup.LoadTorch();
        var (agent, trained) = ControlAgentFile.Read(file);
        if (trained != environment.Name)
        {
            throw new DataException($"{file} was trained in {trained}; expected an agent of {environment.Name}.");
        }

        var policy = agent.Network.Snapshot();
        return (observation, action) =>
        {
            Span<float> wanted = stackalloc float[1];
            policy.Greedy(agent.Normaliser.Normalise(observation), wanted);
            return (int)wanted[0] == action;
        };
    }

    private static ImmutableArray<TamerEvent> Events(string log, IEnvironment environment)
    {
        try
        {
            return [.. TamerLog.Read(log, environment)];
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{log} cannot be read: {problem.Message}");
        }
    }

    private static async Task<ControlSeed> TeachAsync(
        ParseResult parsed,
        Func<IEnvironment> make,
        Func<float[], int, bool> approves,
        ImmutableArray<TamerEvent>? events,
        ControlSeedRun run,
        int testEpisodes
    )
    {
        var (seed, agent) = (new Seed(run.Seed), Fresh(parsed, make, run));
        var points = ImmutableArray.CreateBuilder<ControlPoint>();
        var taken = 0L;
        if (events is { } given)
        {
            foreach (var happened in given)
            {
                agent.Apply(happened);
                taken += happened is StepBegan ? 1 : 0;
            }

            await TaughtEpisodes.StoreAsync(parsed, given, run.Screen, run.Cancel);
        }
        else
        {
            using var log = new StreamWriter(Path.Combine(run.Folder, ControlRuns.SessionLog));
            var trainer = new SimulatedTrainer(TrainerOptions(parsed), approves, seed);
            var session = new TamerSession(make(), agent, trainer, seed) { Log = e => log.WriteLine(TamerLog.Line(e)) };
            for (var episode = 0; episode < parsed.GetValue(Episodes); episode++)
            {
                run.Cancel.ThrowIfCancellationRequested();
                taken += session.Episode();
                points.Add(new ControlPoint(taken, session.LastReturn));
                run.Screen.Report(
                    "episodes",
                    episode + 1,
                    parsed.GetValue(Episodes),
                    $"return {ControlArguments.Text(session.LastReturn)}"
                );
            }
        }

        return Tested(agent, make, run, taken, points.ToImmutable(), testEpisodes);
    }

    private static TamerAgent Fresh(ParseResult parsed, Func<IEnvironment> make, ControlSeedRun run) =>
        new(
            TamerModels.Of(parsed.GetRequiredValue(Model), make(), new Seed(run.Seed)),
            TamerModels.Credit(parsed.GetRequiredValue(Credit))
        );

    private static async Task<ControlSeed> TeachByPersonAsync(
        ParseResult parsed,
        Func<IEnvironment> make,
        ControlSeedRun run,
        int testEpisodes
    )
    {
        var log = Path.Combine(run.Folder, ControlRuns.SessionLog);
        using var teaching = new TamerTeaching(make(), () => Fresh(parsed, make, run), new Seed(run.Seed), log, parsed.GetValue(Episodes));
        await using (var server = await TeachingServer.StartAsync(teaching, parsed.GetValue(Port), run.Cancel))
        {
            run.Screen.Note($"open {server.Address} and teach; Ctrl-C stops, and --resume goes on");
            await teaching.Finished.Task.WaitAsync(run.Cancel);
        }

        await TaughtEpisodes.StoreAsync(parsed, teaching.Events, run.Screen, run.Cancel);

        return Tested(teaching.Agent, make, run, teaching.Steps, [], testEpisodes);
    }

    private static ControlSeed Tested(
        TamerAgent agent,
        Func<IEnvironment> make,
        ControlSeedRun run,
        long steps,
        ImmutableArray<ControlPoint> curve,
        int testEpisodes
    )
    {
        var seed = new Seed(run.Seed);
        var tests = Enumerable.Range(0, testEpisodes).Select(i => TamerSession.Play(make(), agent, seed.For("test", i))).ToArray();
        return new ControlSeed(run.Seed, steps, 0, [.. tests.Select(t => t.Rewards.Sum())], curve, ControlRuns.Shown(make(), tests[0]));
    }
}
