using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Attune.Core;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// A program that is started for every batch, reads a JSON object a line and writes a JSON value a line (<see cref="ProgramReward"/>).
/// </summary>
[Reward("command", "what a program of your own says: it reads a line of JSON for each answer and writes a line with its reward")]
public sealed record CommandTerm : RewardTerm
{
    [Description("the program and its arguments, such as [python3, reward.py]; no shell is involved")]
    public required ImmutableArray<string> Command { get; init; }

    [Description("answers for each start of the program")]
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 256;

    [Description("seconds that the program may take for a batch")]
    [Range(0.01, 1e6)]
    public double Timeout { get; init; } = 60;

    [Description("where it gives no reward: fail (stop the run), zero (the reward is 0) or skip (the reward adds nothing)")]
    public RewardErrors OnError { get; init; } = RewardErrors.Fail;

    public override IEnumerable<string> Missing(RewardPlan plan) =>
        Command.IsEmpty || string.IsNullOrWhiteSpace(Command[0])
            ? [$"{plan.Stage}.reward.command is empty; expected a program and its arguments, such as [python3, reward.py]."]
            : [];

    public override IReward Build(RewardContext context) =>
        new ProgramReward("command", new Program(Command, TimeSpan.FromSeconds(Timeout)), context.Encoder, BatchSize, OnError);

    private sealed class Program(ImmutableArray<string> command, TimeSpan timeout) : IRewardProgram
    {
        private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

        public async Task<JsonElement[]> JudgeAsync(IReadOnlyList<byte[]> rows, CancellationToken cancel)
        {
            using var process = Start();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(timeout);
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await WriteAsync(process, rows, limit.Token);
                await process.WaitForExitAsync(limit.Token);
                return Values(await output, await errors, process.ExitCode, rows.Count);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new RewardProgramException(
                    $"{command[0]} took longer than {timeout.TotalSeconds:g6} s (timeout) for {rows.Count} answers."
                );
            }
            finally
            {
                Stop(process);
            }
        }

        private Process Start()
        {
            var start = new ProcessStartInfo(command[0], command.Skip(1))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardInputEncoding = Utf8,
                StandardOutputEncoding = Utf8,
                StandardErrorEncoding = Utf8,
                UseShellExecute = false,
            };
            try
            {
                return Process.Start(start)!;
            }
            catch (Win32Exception problem)
            {
                throw new ConfigurationException(
                    $"reward.command: {command[0]} cannot be started: {problem.Message.TrimEnd('.')}. "
                        + "Expected a program that exists and may be run."
                );
            }
        }

        private static async Task WriteAsync(Process process, IReadOnlyList<byte[]> rows, CancellationToken cancel)
        {
            try
            {
                var input = process.StandardInput.BaseStream;
                foreach (var row in rows)
                {
                    await input.WriteAsync(row, cancel);
                    input.WriteByte((byte)'\n');
                }

                await input.FlushAsync(cancel);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It does not read all that it is given; what it wrote decides.
            }
        }

        private JsonElement[] Values(string output, string errors, int exitCode, int rows)
        {
            if (exitCode != 0)
            {
                var last = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
                throw new RewardProgramException($"{command[0]} ended with exit code {exitCode}{(last is null ? "" : $": {last}")}.");
            }

            string[] lines = [.. output.Split('\n').Where(l => !string.IsNullOrWhiteSpace(l))];
            return lines.Length == rows
                ? [.. lines.Select((line, i) => Parse(line, i))]
                : throw new RewardProgramException($"{command[0]} wrote {lines.Length} lines for {rows} answers; expected one for each.");
        }

        private JsonElement Parse(string line, int index)
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                return document.RootElement.Clone();
            }
            catch (JsonException)
            {
                throw new RewardProgramException($"{command[0]} wrote no JSON in line {index + 1}; expected a number or an object.");
            }
        }

        private static void Stop(Process process)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
