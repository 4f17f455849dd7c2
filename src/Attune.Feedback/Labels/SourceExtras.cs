using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Attune.Feedback.Labels;

/// <summary>What the store keeps of a label's source beside the format's frame.</summary>
internal static class SourceExtras
{
    private const string Source = "source";
    private const string IsId = "source_is_id";
    private const string Order = "order";

    public static JsonObject? With(JsonObject? extras, LabelSource? source)
    {
        if (source is null)
        {
            return extras;
        }
        var kept = extras?.DeepClone().AsObject() ?? [];
        kept[Source] = source.Key;
        if (source.IsId)
        {
            kept[IsId] = true;
        }
        return kept;
    }

    public static LabelSource? SourceOf(JsonObject? extras) =>
        extras?[Source] is JsonValue key ? new LabelSource(key.GetValue<string>(), extras[IsId] is not null) : null;

    /// <param name="places">The item's position of each of the row's answers.</param>
    public static JsonObject WithOrder(JsonObject? extras, ImmutableArray<int> places)
    {
        var kept = extras?.DeepClone().AsObject() ?? [];
        kept[Order] = new JsonArray([.. places.Select(p => JsonValue.Create(p))]);
        return kept;
    }

    /// <summary>The item's position of each of the row's answers; null where they lie as in the item.</summary>
    public static ImmutableArray<int>? OrderOf(JsonObject? extras) =>
        extras?[Order] is JsonArray places ? [.. places.Select(p => p!.GetValue<int>())] : null;
}
