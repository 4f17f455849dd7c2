using System.CommandLine;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Core.Runs;
using Attune.Reports.Control;
using Attune.Training.Checkpoints;

namespace Attune.Cli.Commands.Control;

/// <summary><c>attune control ppo ENVIRONMENT</c></summary>
internal static class PpoCommand
{
    /// <summary>Of tests: apart from every first state of training.</summary>
    public const long TestSeed = 1_000_000;

    /// <summary>Rounds between checkpoints.</summary>
    public const int CheckpointEvery = 10;

    public static Command Create()
    {
        var shared = new ControlArguments("ppo");
        var steps = Steps();
        var command = new Command(
            "ppo",
            "Train an agent by its environment's reward, with PPO.\n\nExample: attune control ppo CartPole-v1 --seeds 3 --out runs/cartpole"
        );
        shared.AddTo(command);
        command.Add(shared.Tracking);
        command.Add(steps);
        command.SetAction(
            (parsed, cancel) =>
            {
                var make = shared.Maker(parsed);
                var options = OptionsFor(make(), parsed.GetValue(steps));
                var plan = shared.Plan(parsed, "ppo", SettingsOf(options), []);
                return ControlRuns.RunAsync(plan, run => TrainAsync(make, options, run, plan.TestEpisodes), cancel);
            }
        );
        return command;
    }

    public static Option<long?> Steps() =>
        new("--steps") { Description = "steps of all environments together (default as tuned for the environment)", HelpName = "N" };

    /// <summary>The settings of the environment, of fixed length or not.</summary>
    /// <param name="learnedReward">Whether the reward is learned meanwhile.</param>
    public static ControlPpoOptions OptionsFor(IEnvironment environment, long? steps, bool learnedReward = false)
    {
        var name = environment.Name.Replace("-fixed", "", StringComparison.Ordinal);
        var options = learnedReward ? ControlPpoOptions.ForLearnedReward(name) : ControlPpoOptions.For(name);
        options = options with { TotalSteps = steps ?? options.TotalSteps };
        options.Validate();
        return options;
    }

    public static Dictionary<string, string> SettingsOf(ControlPpoOptions options) =>
        new()
        {
            ["steps"] = options.TotalSteps.ToString(CultureInfo.InvariantCulture),
            ["environments"] = options.Environments.ToString(CultureInfo.InvariantCulture),
            ["steps_per_round"] = options.StepsPerRound.ToString(CultureInfo.InvariantCulture),
            ["minibatch"] = options.Minibatch.ToString(CultureInfo.InvariantCulture),
            ["epochs"] = options.Epochs.ToString(CultureInfo.InvariantCulture),
            ["gamma"] = ControlArguments.Text(options.Gamma),
            ["lambda"] = ControlArguments.Text(options.Lambda),
            ["learning_rate"] =
                ControlArguments.Text(options.LearningRate)
                + (
                    options.Decay ? ", falling to 0"
                    : options.RateFallsAfter is { } after ? $", falling to 0 after {ControlArguments.Text(after)} of the run"
                    : ""
                ),
            ["clip_range"] = ControlArguments.Text(options.ClipRange) + (options.Decay ? ", falling to 0" : ""),
            ["entropy_coefficient"] = ControlArguments.Text(options.EntropyCoefficient),
            ["normalise"] = options.Normalize ? "observations and rewards" : "nothing",
        };

    private static async Task<ControlSeed> TrainAsync(
        Func<IEnvironment> make,
        ControlPpoOptions options,
        ControlSeedRun run,
        int testEpisodes
    )
    {
        using var log = new RoundLog(run.Folder, run.Screen, options.TotalSteps, run.Tracking);
        var checkpoints = new DirectoryCheckpoints(run.Folder, []);
        using var agent = await ControlTraining.PpoAsync(
            make,
            options,
            new Seed(run.Seed),
            log,
            checkpoints,
            CheckpointEvery,
            cancel: run.Cancel
        );
        run.Cancel.ThrowIfCancellationRequested();
        return Tested(agent, make, options, run, log, testEpisodes);
    }

    /// <summary>Saves the agent and tests it.</summary>
    public static ControlSeed Tested(
        ControlAgent agent,
        Func<IEnvironment> make,
        ControlPpoOptions options,
        ControlSeedRun run,
        RoundLog log,
        int testEpisodes
    )
    {
        var environment = make();
        ControlAgentFile.Write(Path.Combine(run.Folder, "agent.json"), agent, environment.Name, options.Hidden);
        var returns = agent.Evaluate(environment, testEpisodes, TestSeed);
        var episode = ControlRuns.Shown(environment, agent.Play(make(), TestSeed));
        return new ControlSeed(
            run.Seed,
            options.Rounds * options.Environments * options.StepsPerRound,
            0,
            [.. returns],
            log.Curve(),
            episode
        );
    }
}
