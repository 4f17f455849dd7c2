using System.Collections.Immutable;
using Attune.Core;
using Attune.Kernels;
using Attune.Models.Configuration;
using Attune.Models.Decoding;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>
/// A GGUF file's matrices as the blocks that they lie in, in the order of a model's slots: queries, keys and values below each other, the
/// rows of each head in halves. Blocks of Q4_0, Q4_1 and Q8_0 stay as they are. A matrix of another type, and a joint one of several, is
/// dequantised and put in blocks of Q8_0.
/// </summary>
public static class GgufMatrices
{
    /// <summary>Every matrix that a decoder multiplies by.</summary>
    /// <exception cref="ModelFileException">The file is absent or damaged, or holds a model that is not read.</exception>
    public static ModelBlocks Read(string path)
    {
        using var file = new GgufFile(path);
        var config = GgufImport.ConfigOf(file);
        GgufImport.Compare(file, config, [.. GgufPart.Of(config)]);
        return new ModelBlocks(
            Slots(config).Where(s => s.All(p => file.Find(p.Name) is not null)).ToDictionary(s => s.Key, s => Slot(file, [.. s]))
        );
    }

    /// <summary>What cannot stay in the file's blocks, one sentence; null where all does.</summary>
    /// <exception cref="ModelFileException">As for <see cref="Read"/>.</exception>
    public static string? Note(string path)
    {
        using var file = new GgufFile(path);
        var header = file.Header;
        GgufType TypeOf(GgufPart part) => header.Entries[part.Name].Type;
        var slots = Slots(GgufImport.ConfigOf(file)).Where(s => s.All(p => header.Entries.ContainsKey(p.Name))).ToArray();
        var changed = slots.Where(s => Kept([.. s.Select(TypeOf)]) is null).ToArray();
        var types = changed.SelectMany(s => s.Select(TypeOf)).Select(GgufTypes.Name).Distinct().Order(StringComparer.Ordinal);
        return changed.Length == 0
            ? null
            : $"{path}: {changed.Length} of {slots.Length} matrices are in {string.Join(", ", types)}, not in Q4_0, Q4_1 or Q8_0 alone; "
                + "they are dequantised and kept in Q8_0";
    }

    /// <summary>A slot's matrix.</summary>
    /// <param name="parts">What it is made of, in the order of its rows.</param>
    internal static BlockMatrix Slot(GgufFile file, ImmutableArray<GgufPart> parts)
    {
        var entries = parts.Select(p => file.Find(p.Name)!).ToArray();
        var kept = Kept([.. entries.Select(e => e.Type)]);
        return BlockMatrix.Join(
            parts
                .Zip(entries)
                .Select(pair =>
                    Turned(
                        kept is { } type ? AsItIs(file, pair.Second, pair.First, type) : InEightBits(file, pair.Second, pair.First),
                        pair.First
                    )
                )
                .ToArray()
        );
    }

    private static IEnumerable<IGrouping<string, GgufPart>> Slots(TransformerConfig config) =>
        GgufPart.Of(config).Where(IsMatrix).GroupBy(p => p.Slot, StringComparer.Ordinal);

    private static bool IsMatrix(GgufPart part) =>
        part.Slot is "tokens" or "head"
        || (
            part.Slot.EndsWith(".weight", StringComparison.Ordinal)
            && !part.Slot.Contains("norm", StringComparison.OrdinalIgnoreCase)
            && !part.Slot.Contains(".router.", StringComparison.Ordinal)
        );

    /// <summary>The kernel's type for a slot whose parts are of these types; null where it has none for them together.</summary>
    private static BlockType? Kept(ImmutableArray<GgufType> types) =>
        types.Distinct().Count() > 1
            ? null
            : types[0] switch
            {
                GgufType.Q40 => BlockType.Q40,
                GgufType.Q41 => BlockType.Q41,
                GgufType.Q8 => BlockType.Q80,
                _ => null,
            };

    private static BlockMatrix AsItIs(GgufFile file, GgufEntry entry, GgufPart part, BlockType type)
    {
        var blocks = file.ReadBlocks(entry, part.Index, Math.Max(part.Stacked, 1));
        return new BlockMatrix(type, (int)blocks.Rows, (int)blocks.Columns, blocks.Bytes);
    }

    private static BlockMatrix InEightBits(GgufFile file, GgufEntry entry, GgufPart part) =>
        BlockMatrix.Of(BlockType.Q80, (int)part.Rows, (int)part.Shape[1], file.Read(entry, part.Index, Math.Max(part.Stacked, 1)));

    /// <summary>Back from neighbouring rows to the two halves of each head.</summary>
    private static BlockMatrix Turned(BlockMatrix matrix, GgufPart part)
    {
        if (part.TurnedHeads == 0)
        {
            return matrix;
        }

        var head = matrix.Rows / part.TurnedHeads;
        var order = new int[matrix.Rows];
        for (var row = 0; row < order.Length; row++)
        {
            var (start, within) = (row / head * head, row % head);
            order[row] = start + 2 * (within % (head / 2)) + within / (head / 2);
        }

        return matrix.Reorder(order);
    }
}
