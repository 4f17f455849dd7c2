using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Attune.Cli.Native;
using Attune.Cli.Screens;
using Attune.Control.Environments;
using Attune.Control.Policy;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Recipes;
using Attune.Recipes.Running;
using Attune.Reports.Control;
using Spectre.Console;
using TorchSharp;

namespace Attune.Cli.Commands.Control;

/// <summary>What a command asks for, before it runs.</summary>
internal sealed record ControlPlan(
    string Kind,
    string Environment,
    string Folder,
    ImmutableArray<ulong> Seeds,
    int TestEpisodes,
    IReadOnlyDictionary<string, string> Settings,
    ImmutableArray<string> Notes
)
{
    public bool Resume { get; init; }

    public bool Json { get; init; }

    /// <summary>Forms of the figures besides <c>rounds.jsonl</c>.</summary>
    public ImmutableArray<Tracking> Tracking { get; init; } = [];
}

/// <summary>One seed at work.</summary>
/// <param name="Folder">its own</param>
internal sealed record ControlSeedRun(
    ulong Seed,
    string Folder,
    IRunScreen Screen,
    ImmutableArray<Tracking> Tracking,
    CancellationToken Cancel
);

/// <summary>A run folder, its seeds one after another, result and report. A finished seed is not run again.</summary>
internal static class ControlRuns
{
    /// <summary>What an agent was taught by praise, a file of a seed's folder.</summary>
    public const string SessionLog = "log.jsonl";

    private const string SettingsFile = "settings.txt";

    public static async Task<int> RunAsync(ControlPlan plan, Func<ControlSeedRun, Task<ControlSeed>> work, CancellationToken cancel)
    {
        var settings = Path.Combine(plan.Folder, SettingsFile);
        var unbegun = new NewRunFolder(plan.Folder) { Work = [RoundLog.FileName, SessionLog] };
        var fresh = RunFolders.Prepare(plan.Folder, settings, SettingsText(plan), "settings", plan.Resume);
        NativeSetup.LoadTorch();
        torch.set_num_threads(1); // networks this small lose time on a second one
        foreach (var note in plan.Notes)
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]note[/] {note}");
        }

        try
        {
            Task<ControlResult> Work(IRunScreen screen) => SeedsAsync(plan, work, screen, cancel);
            var result = await ProgressScreen.WatchAsync(Work);
            Show(plan, result);
            return 0;
        }
        catch (OperationCanceledException)
        {
            Terminal.Messages.MarkupLine("[yellow]stopped[/]; everything so far is kept. Give the same command with --resume to continue.");
            return 130;
        }
        catch (Exception problem) when (fresh && problem is AttuneException or IOException or UnauthorizedAccessException)
        {
            unbegun.Remove();
            throw;
        }
    }

    private static async Task<ControlResult> SeedsAsync(
        ControlPlan plan,
        Func<ControlSeedRun, Task<ControlSeed>> work,
        IRunScreen screen,
        CancellationToken cancel
    )
    {
        var seeds = ImmutableArray.CreateBuilder<ControlSeed>();
        foreach (var (index, seed) in plan.Seeds.Index())
        {
            var folder = Path.Combine(plan.Folder, $"seed-{seed}");
            screen.BeginStage(index + 1, plan.Seeds.Length, $"seed {seed}", $"{plan.Kind} on {plan.Environment}");
            var done = File.Exists(Path.Combine(folder, "result.json")) ? ControlResult.Read(folder).Seeds[0] : null;
            if (done is null)
            {
                Directory.CreateDirectory(folder);
                var clock = Stopwatch.StartNew();
                done = await work(new ControlSeedRun(seed, folder, screen, plan.Tracking, cancel));
                done = done with { Seconds = done.Seconds > 0 ? done.Seconds : clock.Elapsed.TotalSeconds };
                Result(plan, [done]).Write(folder);
            }

            seeds.Add(done);
        }

        var result = Result(plan, seeds.ToImmutable());
        result.Write(plan.Folder);
        ControlReport.Write(plan.Folder, result);
        return result;
    }

    private static ControlResult Result(ControlPlan plan, ImmutableArray<ControlSeed> seeds) =>
        new(
            plan.Kind,
            plan.Environment,
            RunningProgram.Version,
            RunningProgram.Machine,
            plan.Settings.ToImmutableSortedDictionary(),
            plan.Notes,
            seeds
        );

    private static string SettingsText(ControlPlan plan) =>
        string.Join(
            '\n',
            plan.Settings.OrderBy(s => s.Key, StringComparer.Ordinal)
                .Select(s => $"{s.Key}: {s.Value}")
                .Prepend($"{plan.Kind} {plan.Environment}")
        );

    private static void Show(ControlPlan plan, ControlResult result)
    {
        if (plan.Json)
        {
            Console.Out.WriteLine(result.ToJson());
            return;
        }

        foreach (var seed in result.Seeds)
        {
            Console.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"seed {seed.Seed}: mean return {seed.Returns.Average():0.0} of {seed.Returns.Length} episodes (least "
                        + $"{seed.Returns.Min():0.0}, most {seed.Returns.Max():0.0}) after {seed.Steps} steps in {seed.Seconds:0.0} s"
                )
            );
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median of the seeds: {result.MedianReturn:0.0}"));
        Terminal.Messages.MarkupLineInterpolated($"report: [bold]{Path.Combine(plan.Folder, "report.html")}[/]");
    }

    /// <summary>An episode as a page draws it.</summary>
    public static ShownEpisode Shown(IEnvironment environment, PlayedSteps played) =>
        new(
            environment.Name,
            environment.StepsPerSecond,
            [.. played.Observations.Select(o => o.ToImmutableArray())],
            [.. played.Actions.Select(a => a.ToImmutableArray())],
            [.. played.Rewards]
        );
}
