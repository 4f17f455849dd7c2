using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Attune.Core;

namespace Attune.Bench.Benchmarks;

/// <summary>What one run of a peer said.</summary>
/// <param name="Figure">In the case's unit.</param>
/// <param name="Version">The peer's name and version.</param>
/// <param name="Phases">Seconds of its parts; empty where it names none.</param>
internal sealed record PeerFigure(double Figure, double? PeakMemoryMb, string? Version, ImmutableSortedDictionary<string, double> Phases);

/// <summary>Runs a peer's program and reads its last line.</summary>
internal sealed class PeerRunner(PeerOptions options)
{
    /// <summary>The peer's arguments for a case, after its folder; null where it has no counterpart.</summary>
    internal static IReadOnlyList<string>? Arguments(BenchmarkSize size, BenchmarkCase work, string variant)
    {
        var parts = variant.Split(':');
        return work switch
        {
            TrainCase train => ["train", size.Name, Text(train.Batch), Text(train.Time), .. parts],
            PpoCase ppo when parts[0] is "f32" or "mixed" =>
            [
                "ppo",
                size.Name,
                .. new[] { ppo.Rollouts, ppo.Prompt, ppo.NewTokens, ppo.Minibatch, ppo.Epochs, ppo.FrozenLayers, ppo.RewardModels }.Select(
                    Text
                ),
                .. parts,
            ],
            // Decoding has neither autocast nor a choice of attention.
            DecodeCase decode when parts is ["f32" or "bf16" or "q8" or "q4"] =>
            [
                "decode",
                size.Name,
                Text(decode.Batch),
                Text(decode.Prompt),
                Text(decode.NewTokens),
                parts[0],
            ],
            PrefillCase prefill when parts is ["f32" or "bf16" or "q8" or "q4"] =>
            [
                "decode",
                size.Name,
                Text(prefill.Batch),
                Text(prefill.Prompt),
                "1",
                parts[0],
            ],
            _ => null,
        };
    }

    /// <exception cref="AttuneException">The peer cannot be started, fails, or says nothing that can be read.</exception>
    internal PeerFigure Run(BenchmarkCase work, IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var (output, errors, code) = Execute(arguments, cancel);
        var command = $"{options.Runner} {options.Directory} {string.Join(' ', arguments)}";
        if (code != 0)
        {
            throw new AttuneException(
                $"the peer failed with exit code {code}: {LastLine(errors) ?? LastLine(output) ?? "it said nothing"}. Try it "
                    + $"alone: {command}"
            );
        }

        var figure =
            Read(LastLine(output), work.PeerFigure)
            ?? throw new AttuneException(
                $"the peer's last line is '{LastLine(output)}'; expected a JSON object with its figure. Try it alone: {command}"
            );
        // A peer counts new tokens; here they are one a prompt, and the prompt's are wanted.
        return work is PrefillCase prefill ? figure with { Figure = figure.Figure * prefill.Prompt } : figure;
    }

    /// <summary>Null where the line is no such object.</summary>
    internal static PeerFigure? Read(string? line, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(line ?? "");
            if (json.RootElement.ValueKind != JsonValueKind.Object || Number(json.RootElement, name) is not > 0)
            {
                return null;
            }

            var version = Name(json.RootElement, "torch") is { } torch ? $"PyTorch {torch}" : Name(json.RootElement, "peer");
            return new PeerFigure(
                Number(json.RootElement, name)!.Value,
                Number(json.RootElement, "peak_mb"),
                version,
                Phases(json.RootElement)
            );
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ImmutableSortedDictionary<string, double> Phases(JsonElement json) =>
        json.TryGetProperty("phases", out var phases) && phases.ValueKind == JsonValueKind.Object
            ? phases
                .EnumerateObject()
                .Where(p => p.Value.ValueKind == JsonValueKind.Number)
                .ToImmutableSortedDictionary(p => p.Name, p => p.Value.GetDouble(), StringComparer.Ordinal)
            : ImmutableSortedDictionary<string, double>.Empty;

    private (string Output, string Errors, int Code) Execute(IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(options.Runner, [options.Directory, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Start(start);
        using var stop = cancel.Register(() => process.Kill(entireProcessTree: true));
        // Both pipes are drained at once, or a talkative peer would fill one and wait for ever.
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        return (output, errors.GetAwaiter().GetResult(), process.ExitCode);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new AttuneException(
                $"the peer's runner {start.FileName} cannot be started: {problem.Message.TrimEnd('.')}. It must be a program "
                    + "that this user may run.",
                problem
            );
        }
    }

    private static string? Name(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static string? LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
