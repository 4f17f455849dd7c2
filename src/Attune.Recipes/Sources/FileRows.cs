using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Attune.Core;
using Attune.Data;
using Attune.Data.Cleaning;
using Attune.Data.Formats;
using Attune.Data.Order;
using Attune.Recipes.Running;
using Attune.Training.Checkpoints;

namespace Attune.Recipes.Sources;

/// <summary>Rows of files as a stage reads them: mixed, decontaminated, and with a note of what was left out.</summary>
internal static class FileRows
{
    /// <summary>The kinds of records that all files of a mix give, in the order of the first.</summary>
    public static ImmutableArray<DatasetKind> Kinds(string source, StageContext context) =>
        DataMix
            .Of(source)
            .Select(p => DatasetFile.Kinds(p.Path, context.Columns))
            .Aggregate((first, next) => [.. first.Where(k => next.Contains(k))]);

    /// <exception cref="DataException">Some files of a mix hold texts, and some do not.</exception>
    public static bool HoldTexts(string source, StageContext context)
    {
        var parts = DataMix.Of(source).ToLookup(p => DatasetFile.HoldsTexts(p.Path, context.Columns), p => p.Path);
        return parts.Count == 1
            ? parts.Single().Key
            : throw new DataException(
                $"{source}: {parts[true].First()} holds texts to go on with, {parts[false].First()} prompts and answers, which are learned "
                    + "differently; expected files of one kind. Give them to two stages."
            );
    }

    /// <param name="rows">At most this many, drawn at random by the stage's seed and kept in the file's order; 0 for all.</param>
    public static (ImmutableArray<T> Items, DataHash Hash) Read<T>(string source, int rows, StageContext context)
    {
        var parts = DataMix.Of(source);
        var all = ImmutableArray.CreateBuilder<T>();
        List<string> hashes = [];
        var evaluation = new Lazy<Contamination>(() =>
            Contamination.Of(DatasetFile.Texts(context.Decontaminate!, context.Columns).SelectMany(r => r.All))
        );
        foreach (var part in parts)
        {
            var loaded = DatasetFile.Read<T>(part.Path, context.Columns);
            hashes.Add(loaded.Sha256);
            context.NoteDropped(loaded.Dropped, part.Path);
            foreach (var note in loaded.Notes)
            {
                context.Note($"{part.Path}: {note}");
            }

            var used = part.Of(Decontaminated(loaded.Items, part.Path, evaluation, context), context.Seed);
            if (parts.Length > 1)
            {
                context.Note($"{part.Path}: {used.Length} rows of the mix, from {loaded.Items.Length}");
            }

            all.AddRange(used);
        }

        var items = rows > 0 ? Shuffle.Sample(all.ToImmutable(), rows, context.Seed.For("rows")) : all.ToImmutable();
        if (items.Length < all.Count)
        {
            context.Note($"{source}: {rows} of {all.Count} rows are used, drawn at random by the seed");
        }

        return (items, Hash(source, parts, hashes));
    }

    /// <summary>Without the rows that share words with the evaluation set, unless it is the evaluation set itself that is read.</summary>
    private static ImmutableArray<T> Decontaminated<T>(
        ImmutableArray<T> items,
        string path,
        Lazy<Contamination> contamination,
        StageContext context
    )
    {
        if (context.Decontaminate is not { } evaluation || evaluation == path)
        {
            return items;
        }

        ImmutableArray<T> clean = [.. items.Where(i => !RowTexts.Of(i!).All.Any(contamination.Value.Touches))];
        if (clean.Length < items.Length)
        {
            context.NoteDropped(
                [
                    new DroppedRows(
                        $"shares a run of {Contamination.Gpt3Words} words with {Path.GetFileName(evaluation)}",
                        items.Length - clean.Length
                    ),
                ],
                path
            );
        }
        else
        {
            context.Note($"{path}: no row shares a run of {Contamination.Gpt3Words} words with {evaluation}");
        }

        return clean;
    }

    private static DataHash Hash(string source, ImmutableArray<DataPart> parts, List<string> hashes) =>
        parts.Length == 1
            ? new DataHash(Path.GetFileName(Path.TrimEndingDirectorySeparator(parts[0].Path)), hashes[0])
            : new DataHash(source, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', hashes)))));
}
