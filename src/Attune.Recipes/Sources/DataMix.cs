using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Attune.Core.Runs;
using Attune.Data.Order;

namespace Attune.Recipes.Sources;

/// <summary>One of the files that are mixed.</summary>
/// <param name="Times">How often its rows are used: 0.5 for half of them, drawn at random, 2 for all of them twice.</param>
internal sealed record DataPart(string Path, double Times)
{
    /// <summary>The rows as often as they are used.</summary>
    public ImmutableArray<T> Of<T>(ImmutableArray<T> items, Seed seed)
    {
        var whole = (int)Math.Truncate(Times);
        var rest = (int)Math.Round((Times - whole) * items.Length, MidpointRounding.AwayFromZero);
        return [.. Enumerable.Repeat(items, whole).SelectMany(i => i), .. Shuffle.Sample(items, rest, seed.For("mix", whole))];
    }
}

/// <summary>Several sources of rows in one: <c>chats.jsonl + code.jsonl*2 + old.jsonl*0.25</c>.</summary>
internal static partial class DataMix
{
    public static ImmutableArray<DataPart> Of(string source) =>
        Path.Exists(source) ? [new DataPart(source, 1)] : [.. Between().Split(source).Select(Part)];

    private static DataPart Part(string text) =>
        Weight().Match(text) is { Success: true } weighted
        && double.TryParse(weighted.Groups[2].Value, CultureInfo.InvariantCulture, out var times)
        && times > 0
            ? new DataPart(weighted.Groups[1].Value, times)
            : new DataPart(text, 1);

    [GeneratedRegex(@"\s+\+\s+")]
    private static partial Regex Between();

    // A pattern ends in more than a number: data/train-*.parquet.
    [GeneratedRegex(@"^(.*\S)\s*\*\s*(\d+(?:\.\d+)?)$")]
    private static partial Regex Weight();
}
