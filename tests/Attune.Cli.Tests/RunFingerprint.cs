using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Attune.Cli.Tests;

/// <summary>What of a finished run must not depend on interruptions: weights, events, samples and figures, but no times.</summary>
internal static class RunFingerprint
{
    public static void AssertSame(string expected, string actual)
    {
        Assert.Equal(Products(expected), Products(actual));
        Assert.Equal(Events(expected), Events(actual));
        Assert.Equal(File.ReadAllLines(Path.Combine(expected, "samples.jsonl")), File.ReadAllLines(Path.Combine(actual, "samples.jsonl")));
        Assert.Equal(Result(expected), Result(actual));
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(actual, "*", SearchOption.AllDirectories),
            f =>
                f.Contains(".tmp-", StringComparison.Ordinal)
                || f.Contains("unfinished", StringComparison.Ordinal)
                || f.EndsWith(".lock", StringComparison.Ordinal)
        );
    }

    /// <summary>Every file in a "final" folder and every dataset a stage wrote, with a hash.</summary>
    private static string[] Products(string run) =>
        [
            .. Directory
                .EnumerateFiles(run, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(run, f))
                .Where(f =>
                    f.Split(Path.DirectorySeparatorChar).Contains("final")
                    || (f.EndsWith(".jsonl", StringComparison.Ordinal) && f.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal))
                )
                .Order(StringComparer.Ordinal)
                .Select(f => $"{f} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(run, f))))}"),
        ];

    private static string[] Events(string run) =>
        [
            .. File.ReadLines(Path.Combine(run, "events.jsonl"))
                .Select(line =>
                {
                    var entry = JsonNode.Parse(line)!;
                    var metrics = entry["metrics"]!.AsObject();
                    Assert.True(entry.AsObject().Remove("time"));
                    entry.AsObject().Remove("commit"); // on the first event of each process
                    foreach (var name in metrics.Select(m => m.Key).Where(IsOfTheMachine).ToArray())
                    {
                        metrics.Remove(name);
                    }

                    return entry.ToJsonString();
                }),
        ];

    private static bool IsOfTheMachine(string metric) =>
        metric.StartsWith("time/", StringComparison.Ordinal) || metric.StartsWith("memory/", StringComparison.Ordinal);

    private static string Result(string run)
    {
        var result = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "result.json")))!.AsObject();
        Assert.True(result.Remove("started") && result.Remove("machine"));
        Assert.True(result["summary"]!.AsObject().Remove("seconds"));
        foreach (var stage in result["stages"]!.AsArray())
        {
            Assert.True(stage!.AsObject().Remove("seconds"));
        }

        return result.ToJsonString();
    }
}
