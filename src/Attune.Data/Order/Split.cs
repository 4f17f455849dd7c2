using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Data.Order;

/// <summary>Data to train on and data held out for evaluation.</summary>
public sealed record SplitData<T>(ImmutableArray<T> Training, ImmutableArray<T> HeldOut);

/// <summary>
/// Splits by prompt: all rows of a prompt go to the side that a hash of the prompt and the seed decides. So nothing leaks through
/// repeated prompts, and no row changes sides when others are added or removed.
/// </summary>
public static class Split
{
    /// <param name="heldOut">Expected share of prompts kept aside, 0 to 1; the actual share varies, noticeably where prompts are
    /// few.</param>
    public static SplitData<T> ByPrompt<T>(IReadOnlyList<T> items, double heldOut, Seed seed)
        where T : Label => ByKey(items, item => item.Prompt.Key, heldOut, seed);

    public static SplitData<Prompt> ByPrompt(IReadOnlyList<Prompt> prompts, double heldOut, Seed seed) =>
        ByKey(prompts, prompt => prompt.Key, heldOut, seed);

    public static SplitData<Document> ByText(IReadOnlyList<Document> documents, double heldOut, Seed seed) =>
        ByKey(documents, document => document.Text, heldOut, seed);

    /// <summary>Rows with equal keys stay together.</summary>
    public static SplitData<T> ByKey<T>(IReadOnlyList<T> items, Func<T, string> key, double heldOut, Seed seed)
    {
        if (heldOut is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(heldOut), heldOut, "expected a share from 0 to 1");
        }
        var split = seed.For("split");
        var sides = items.ToLookup(item => (split.For(key(item)).Value >> 11) * (1.0 / (1UL << 53)) < heldOut);
        return new SplitData<T>([.. sides[false]], [.. sides[true]]);
    }
}
