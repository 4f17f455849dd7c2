using System.CommandLine;
using Attune.Cli.Commands;
using Attune.Cli.Commands.Auditing;
using Attune.Cli.Commands.Control;
using Attune.Cli.Commands.Data;
using Attune.Cli.Commands.Feedback;
using Attune.Cli.Commands.Generation;
using Attune.Cli.Commands.Models;
using Attune.Cli.Commands.Tokens;
using Attune.Cli.Screens;
using Attune.Models.Hub;

namespace Attune.Cli;

/// <summary>Every command of the program.</summary>
public static class CommandLine
{
    /// <summary>Runs a command line to its end.</summary>
    /// <returns>The exit code: 0, 1 for a fault of the program, 2 for a user's mistake, 130 for one that was stopped.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var stop = new Interruption(arguments);
        HubCache.Watch = new PullProgress().Show;
        return await Invocation.RunAsync(Root(stop), arguments, stop.Token);
    }

    internal static RootCommand Root(Interruption stop)
    {
        var root = new RootCommand(
            "Attune teaches language models what people prefer: supervised fine-tuning, preferences, reward models, PPO, DPO "
                + "and related methods.\n\nExample: attune demo"
        );
        foreach (var command in Commands(stop))
        {
            root.Add(command);
        }

        return root;
    }

    /// <summary>The same inside another program, which gives what is read and takes what is written. One at a time.</summary>
    public static async Task<int> RunAsync(string[] arguments, TextReader input, TextWriter output, TextWriter errors)
    {
        var (formerInput, formerOutput, formerErrors) = (Console.In, Console.Out, Console.Error);
        try
        {
            Console.SetIn(input);
            Console.SetOut(output);
            Console.SetError(errors);
            Terminal.IsReplaced = true;
            return await RunAsync(arguments);
        }
        finally
        {
            Terminal.IsReplaced = false;
            Console.SetIn(formerInput);
            Console.SetOut(formerOutput);
            Console.SetError(formerErrors);
        }
    }

    private static Command[] Commands(Interruption stop) =>
        [
            DemoCommand.Create(),
            RunCommand.Create(),
            .. StageCommand.All(),
            StageCommand.Judge(),
            GenerateCommand.Create(),
            ScoreCommand.Create(),
            ChatCommand.Create(stop.Instead),
            EvaluateCommand.Create(),
            TokenizeCommand.Create(),
            ModelCommand.Create(),
            DataCommand.Create(),
            ServeCommand.Create(),
            FeedbackCommand.Create(),
            AuditCommand.Create(),
            FrontierCommand.Create(),
            ControlCommand.Create(),
            ReportCommand.Create(),
            FigureCommand.Create(),
            BenchCommand.Create(),
        ];
}
