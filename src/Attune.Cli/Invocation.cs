using System.CommandLine;
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
            var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
            if (ParseProblems.Of(parsed) is { } problem)
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
            Terminal.Error("the memory of this machine is not enough. Lower batch_size or microbatch_size, or take a smaller model.");
            return Mistake;
        }
        catch (Exception problem)
        {
            Terminal.Error($"a fault of Attune itself, not of yours; please report it with what follows.\n{problem}");
            return Fault;
        }
    }

    /// <summary>libtorch tells of failed allocations by text alone.</summary>
    private static bool IsOutOfMemory(Exception problem) =>
        problem is OutOfMemoryException
        || (problem is ExternalException && problem.Message.Contains("can't allocate memory", StringComparison.Ordinal));
}
