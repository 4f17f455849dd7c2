using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Data.Cleaning;
using Attune.Data.Formats;
using Attune.Data.Order;
using Attune.Data.Sources;

namespace Attune.Data.Inspection;

/// <summary>What another file has in common with a data set.</summary>
/// <param name="Rows">Rows of which all texts are equal.</param>
/// <param name="Prompts">Rows whose prompt stands there too.</param>
/// <param name="SharedWords">Rows that share a run of words (<see cref="Contamination"/>).</param>
public sealed record DatasetOverlap(string File, int Rows, int Prompts, int SharedWords);

/// <summary>What a data set is: for a person to look at before training on it.</summary>
/// <param name="Kinds">How many records it gives of each kind that it gives, what it was made for first.</param>
/// <param name="Dropped">Rows left out of the first kind, by reason.</param>
/// <param name="Lengths">Of each field's texts.</param>
/// <param name="LengthUnit">What the lengths count.</param>
/// <param name="Roles">How many messages each role has.</param>
/// <param name="Repeated">Rows equal to an earlier one.</param>
/// <param name="RepeatedPrompts">Rows with the prompt of an earlier one.</param>
/// <param name="Samples">A few rows, drawn at random.</param>
public sealed record DatasetInspection(
    string File,
    ImmutableArray<(DatasetKind Kind, int Rows)> Kinds,
    ImmutableArray<DroppedRows> Dropped,
    ImmutableArray<string> Notes,
    ImmutableArray<TextLengths> Lengths,
    string LengthUnit,
    ImmutableSortedDictionary<string, int> Roles,
    int Repeated,
    int RepeatedPrompts,
    DatasetOverlap? Overlap,
    ImmutableArray<RowTexts> Samples
)
{
    /// <param name="countTokens">Counts a text's tokens; null to give lengths in characters.</param>
    /// <param name="against">Another file, with which rows may overlap.</param>
    /// <exception cref="Core.DataException">A file cannot be read.</exception>
    public static DatasetInspection Of(
        string path,
        ColumnMap? columns,
        Func<string, int>? countTokens,
        string? against,
        int samples,
        Seed seed
    )
    {
        var kinds = DatasetFile.Kinds(path, columns);
        ImmutableArray<LoadedData<object>> data = [.. kinds.Select(k => DatasetFile.ReadAs(k, path, columns))];
        ImmutableArray<RowTexts> rows = [.. data[0].Items.Select(RowTexts.Of)];
        return new DatasetInspection(
            path,
            [.. kinds.Zip(data, (k, d) => (k, d.Items.Length))],
            data[0].Dropped,
            data[0].Notes,
            LengthsOf(rows, countTokens ?? (text => text.Length)),
            countTokens is null ? "characters" : "tokens",
            RolesOf(rows),
            rows.Length - rows.Select(r => r.Key).Distinct(StringComparer.Ordinal).Count(),
            rows.Count(r => r.Prompt is not null)
                - rows.Select(r => r.Prompt?.Key).OfType<string>().Distinct(StringComparer.Ordinal).Count(),
            against is null ? null : OverlapOf(rows, against, columns),
            Shuffle.Sample(rows, samples, seed)
        );
    }

    private static ImmutableArray<TextLengths> LengthsOf(ImmutableArray<RowTexts> rows, Func<string, int> count)
    {
        var prompts = rows.Where(r => r.Prompt is not null).Select(r => ("prompt", r.All.Take(r.All.Count() - r.Parts.Length).Sum(count)));
        var parts = rows.SelectMany(r => r.Parts.Select(p => (p.Name, count(p.Text))));
        return [.. prompts.Concat(parts).GroupBy(p => p.Item1).Select(g => TextLengths.Of(g.Key, g.Select(p => p.Item2)))];
    }

    private static ImmutableSortedDictionary<string, int> RolesOf(ImmutableArray<RowTexts> rows) =>
        rows.Select(r => r.Prompt)
            .OfType<Prompt.Chat>()
            .SelectMany(c => c.Messages)
            .GroupBy(m => m.Role.ToString().ToLowerInvariant())
            .ToImmutableSortedDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    private static DatasetOverlap OverlapOf(ImmutableArray<RowTexts> rows, string against, ColumnMap? columns)
    {
        var others = DatasetFile.Texts(against, columns);
        var contamination = Contamination.Of(others.SelectMany(o => o.All));
        var keys = others.Select(o => o.Key).ToHashSet(StringComparer.Ordinal);
        var prompts = others.Select(o => o.Prompt?.Key).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return new DatasetOverlap(
            against,
            rows.Count(r => keys.Contains(r.Key)),
            rows.Count(r => r.Prompt is { } prompt && prompts.Contains(prompt.Key)),
            rows.Count(r => r.All.Any(contamination.Touches))
        );
    }
}
