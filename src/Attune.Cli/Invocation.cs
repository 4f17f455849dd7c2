using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Attune.Cli.Commands;
using Attune.Cli.Screens;
using Attune.Core;

namespace Attune.Cli;

/// <summary>Runs a command line and turns what went wrong into a message and an exit code.</summary>
internal static class Invocation
{
    /// <summary>A user's mistake: wrong arguments, bad data, a full disk.</summary>
    private const int Mistake = 2;

    /// <summary>A fault of the program.</summary>
    private const int Fault = 1;

    /// <summary>As a shell reports a process ended by Ctrl-C.</summary>
    private const int Stopped = 130;

    public static async Task<int> RunAsync(RootCommand root, string[] args, CancellationToken cancel)
    {
        try
        {
            foreach (var help in root.Options.OfType<HelpOption>())
            {
                help.Action = new HelpScreen();
            }

            var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
            if (ParseErrors.Of(parsed) is { } problem)
            {
                Terminal.Error(problem);
                return Mistake;
            }

            // No time limit after Ctrl-C: a round may take longer than any, and a checkpoint must follow it.
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                cancel
            );
        }
        catch (OperationCanceledException)
        {
            return Stopped;
        }
        catch (Exception problem) when (problem is AttuneException or IOException or UnauthorizedAccessException)
        {
            Terminal.Error(problem.Message);
            return Mistake;
        }
        catch (Exception problem) when (IsOutOfMemory(problem))
        {
            Terminal.Error("this machine ran out of memory. Lower batch_size or microbatch_size, or use a smaller model.");
            return Mistake;
        }
        catch (Exception problem)
        {
            Terminal.Error($"this is a bug in Attune; please report it with the text below.\n{problem}");
            return Fault;
        }
    }

    /// <summary>libtorch reports failed allocations in the message only.</summary>
    private static bool IsOutOfMemory(Exception problem) =>
        problem is OutOfMemoryException
        || (problem is ExternalException && problem.Message.Contains("can't allocate memory", StringComparison.Ordinal));
}
