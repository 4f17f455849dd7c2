using System.Text.Json;
using Attune.Testing;

namespace Attune.Core.Tests.Statistics.Golden;

/// <summary>Entries of the golden statistics are met by Attune's own functions. A kind without a function fails.</summary>
public sealed class GoldenStatisticsTests
{
    [Fact]
    public void Every_entry_is_met()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/statistics/statistics.json")));
        var differences = new List<string>();
        foreach (var entry in file.RootElement.GetProperty("entries").EnumerateArray().Select(e => new GoldenEntry(e)))
        {
            try
            {
                differences.AddRange(Differences(entry));
            }
            catch (Exception wrong) when (wrong is not OutOfMemoryException)
            {
                differences.Add($"{entry.Id}: {wrong.Message} {wrong.StackTrace?.Split('\n')[0]}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(40)));
    }

    private static IReadOnlyList<string> Differences(GoldenEntry entry) =>
        StrengthGolden.Differences(entry)
        ?? OrderGolden.Differences(entry)
        ?? TestGolden.Differences(entry)
        ?? AgreementGolden.Differences(entry)
        ?? [$"{entry.Id}: nothing computes {entry.Kind}"];
}
