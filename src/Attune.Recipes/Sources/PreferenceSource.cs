using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Data.Cleaning;
using Attune.Data.Formats;
using Attune.Recipes.Running;
using Attune.Training.Checkpoints;

namespace Attune.Recipes.Sources;

/// <summary>Judgements for direct methods, from any kind of file that holds some, cleaned.</summary>
internal static class PreferenceSource
{
    /// <summary>Pairs: as they stand, the best of a choice against each of the rest, all ordered pairs of a ranking.</summary>
    public static (ImmutableArray<Preference> Rows, DataHash Hash) Pairs(
        string source,
        int rows,
        PreferenceCleaning rules,
        StageContext context
    )
    {
        switch (Judged(source, context))
        {
            case DatasetKind.Choice:
                var (choices, choiceHash) = DataSource.FromFile<Choice>(source, rows, context);
                return (Clean(rules.Clean([.. PairsOf.Choices(choices)]), source, context), choiceHash);
            case DatasetKind.Ranking:
                var (rankings, rankingHash) = DataSource.FromFile<Ranking>(source, rows, context);
                var (pairs, ties) = PairsOf.Rankings(rankings);
                context.NoteDropped(ties, Path.GetFileName(source));
                return (Clean(rules.Clean(pairs), source, context), rankingHash);
            default:
                var (preferences, hash) = DataSource.FromFile<Preference>(source, rows, context);
                return (Clean(rules.Clean(preferences), source, context), hash);
        }
    }

    /// <summary>Verdicts: as they stand, or both answers of every pair.</summary>
    public static (ImmutableArray<Verdict> Rows, DataHash Hash) Verdicts(
        string source,
        int rows,
        PreferenceCleaning rules,
        StageContext context
    )
    {
        if (FileRows.Kinds(source, context).Contains(DatasetKind.UnpairedPreference))
        {
            var (verdicts, hash) = DataSource.FromFile<Verdict>(source, rows, context);
            return (Clean(rules.Clean(verdicts), source, context), hash);
        }

        var (pairs, pairHash) = Pairs(source, rows, rules, context);
        return ([.. PairsOf.Verdicts(pairs)], pairHash);
    }

    private static DatasetKind Judged(string source, StageContext context) =>
        FileRows.Kinds(source, context).FirstOrDefault(k => k is DatasetKind.Preference or DatasetKind.Choice or DatasetKind.Ranking);

    private static ImmutableArray<T> Clean<T>(CleanedRows<T> cleaned, string source, StageContext context)
    {
        context.NoteDropped(cleaned.Dropped, Path.GetFileName(source));
        foreach (var (reason, count) in cleaned.Kept)
        {
            context.Note($"{Path.GetFileName(source)}: {count} rows are used although {reason}");
        }

        return cleaned.Items;
    }
}
