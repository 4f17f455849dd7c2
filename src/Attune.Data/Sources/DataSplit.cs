using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>The parts of a published data set: train, and what is held out.</summary>
internal static partial class DataSplit
{
    private const string Train = "train";

    /// <summary>Whether a name is that of a split, alone or with an addition: train, test_prefs.</summary>
    public static bool Names(string name) => Split().IsMatch(name);

    /// <summary>Train where there is one, else the only one; and a note on the others.</summary>
    /// <param name="place">What to give instead, to read that split.</param>
    /// <exception cref="DataException">There are several, and none is train.</exception>
    public static (string Split, ImmutableArray<string> Notes) Choose(
        string folder,
        ImmutableArray<string> splits,
        Func<string, string> place
    )
    {
        if (splits.Length > 1 && !splits.Contains(Train))
        {
            throw new DataException($"{folder} holds the splits {string.Join(", ", splits)}; name one of them, e.g. {place(splits[0])}");
        }

        var chosen = splits.Length == 1 ? splits[0] : Train;
        return (chosen, [.. splits.Where(s => s != chosen).Select(s => $"the split {s} is not read; to read it, name {place(s)}")]);
    }

    [GeneratedRegex(@"^(train|training|test|testing|valid|validation|val|dev|eval)([_\-.].*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Split();
}
