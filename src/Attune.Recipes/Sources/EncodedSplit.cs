using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>Rows as tokens, to learn from and to measure with.</summary>
internal sealed record EncodedSplit<TItem>(ImmutableArray<TItem> Train, ImmutableArray<TItem> HeldOut)
{
    /// <summary>For each held-out item the system prompt that it stands under; null for none.</summary>
    public ImmutableArray<string?> HeldOutSystems { get; init; } = [];
}

/// <inheritdoc cref="EncodedSplit{TItem}"/>
internal static class EncodedSplit
{
    /// <summary>Encodes both sides and notes what was left out.</summary>
    /// <param name="name">What the rows are called in notes and messages.</param>
    /// <exception cref="DataException">Nothing is left to learn from.</exception>
    public static EncodedSplit<TItem> Of<TRow, TItem>(
        SplitData<TRow> rows,
        string name,
        Func<ImmutableArray<TRow>, EncodedData<TItem>> encode,
        StageContext context
    )
    {
        var (train, heldOut) = (encode(rows.Training), encode(rows.HeldOut));
        context.NoteDropped(train.Dropped, name);
        context.NoteDropped(heldOut.Dropped, name + " (held out)");
        if (train.Dropped.Any(d => d.Reason.StartsWith("longer than", StringComparison.Ordinal)))
        {
            context.Note($"{name}: rows that are too long are left out whole; where a stage has truncation, it cuts them instead");
        }

        if (train.Truncated + heldOut.Truncated is > 0 and var cut)
        {
            context.Note($"{name}: {cut} rows cut to the longest length (truncation)");
        }

        if (train.Spelt + heldOut.Spelt is > 0 and var spelt)
        {
            context.Note(
                $"{name}: {spelt} rows hold the spelling of a special token, which is read as plain text; rows to which a template was "
                    + "applied already should be given as messages"
            );
        }

        return train.Items.IsEmpty
            ? throw new DataException($"{name}: no row is left to learn from; the notes above say why rows were left out.")
            : new EncodedSplit<TItem>(train.Items, heldOut.Items)
            {
                HeldOutSystems = [.. heldOut.Sources.Select(i => SystemOf(rows.HeldOut[i] as Label))],
            };
    }

    private static string? SystemOf(Label? label) =>
        label?.Prompt is Prompt.Chat { Messages: [{ Role: Role.System } system, ..] } ? system.Content : null;
}
