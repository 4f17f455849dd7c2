using System.CommandLine;
using System.Globalization;
using Attune.Control.Environments;
using Attune.Core;

namespace Attune.Cli.Commands.Control;

/// <summary>What the commands of agents share.</summary>
internal sealed class ControlArguments
{
    /// <param name="kind">of the run, the end of its default folder</param>
    public ControlArguments(string kind) => Folder = Arguments.Out($"runs/control-{kind}");

    public Argument<string> Environment { get; } =
        new("environment")
        {
            Description = "CartPole-v1, Pendulum-v1, ...; with -fixed after it, of fixed length",
            HelpName = "ENVIRONMENT",
        };

    public Option<string> Folder { get; }

    public Option<ulong> Seed { get; } = new("--seed") { Description = "the first seed (default 0)", HelpName = "N" };

    public Option<int> Seeds { get; } = Arguments.Count("--seeds", "runs, each with the next seed", 1);

    public Option<int> TestEpisodes { get; } = Arguments.Count("--test-episodes", "episodes that the trained agent is tested in", 20);

    public Option<bool> Resume { get; } = Arguments.Resume();

    public Option<bool> Json { get; } = Arguments.Json("print the result as JSON");

    /// <summary>Of runs in rounds; others have none of the figures.</summary>
    public Option<string?> Tracking { get; } = Arguments.Tracking();

    public void AddTo(Command command)
    {
        command.Add(Environment);
        foreach (var option in new Option[] { Folder, Seed, Seeds, TestEpisodes, Resume, Json })
        {
            command.Add(option);
        }

        command.RequireAtLeast(Seeds, 1);
        command.RequireAtLeast(TestEpisodes, 1);
    }

    /// <summary>A new environment of the name that was given; an unknown one is a message.</summary>
    public Func<IEnvironment> Maker(ParseResult parsed)
    {
        var name = parsed.GetRequiredValue(Environment);
        var known = EnvironmentCatalog.Make(name).Name;
        return () => EnvironmentCatalog.Make(known);
    }

    public ControlPlan Plan(ParseResult parsed, string kind, IReadOnlyDictionary<string, string> settings, IEnumerable<string> notes) =>
        new(
            kind,
            Maker(parsed)().Name,
            parsed.GetRequiredValue(Folder),
            [.. Enumerable.Range(0, parsed.GetValue(Seeds)).Select(i => parsed.GetValue(Seed) + (ulong)i)],
            parsed.GetValue(TestEpisodes),
            settings,
            [.. notes]
        )
        {
            Resume = parsed.GetValue(Resume),
            Json = parsed.GetValue(Json),
            Tracking = Arguments.TrackingOf(parsed.GetValue(Tracking)),
        };

    /// <summary>An option of a number that may be left out.</summary>
    public static Option<double?> Number(string name, string description) => new(name) { Description = description, HelpName = "X" };

    public static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Refuses an environment whose actions are no choice among a few.</summary>
    public static int RequireDiscrete(IEnvironment environment, string what) =>
        environment.Actions is DiscreteSpace discrete
            ? discrete.Count
            : throw new AttuneException(
                $"{what} chooses among a few actions; {environment.Name} has {environment.Actions}. "
                    + "Take an environment such as MountainCar-v0, CartPole-v1 or Acrobot-v1."
            );
}
