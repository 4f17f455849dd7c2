using Attune.Core;
using Attune.Core.Feedback;

namespace Attune.Recipes.Stages;

/// <summary>Verdicts that a classifier or KTO can learn from: some of either kind.</summary>
internal static class BothVerdicts
{
    /// <param name="training">Labels of any kind; others than verdicts pass.</param>
    /// <param name="source">Where they come from, for the message.</param>
    /// <exception cref="DataException">All are of one kind.</exception>
    public static void Require(IEnumerable<Label> training, string source)
    {
        var verdicts = training.OfType<Verdict>().ToLookup(v => v.Desirable);
        if (verdicts.Count == 1)
        {
            var only = verdicts.Single();
            throw new DataException(
                $"{source}: all {only.Count()} verdicts to learn from are {(only.Key ? "desirable" : "undesirable")}; expected some "
                    + "of either kind. Add answers of the other kind; where rows is given, give more rows."
            );
        }
    }
}
