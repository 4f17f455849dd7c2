using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Web.Projects;

/// <summary>What an uploaded file holds.</summary>
/// <param name="Notes">What a manager should know: fields that were kept or not used.</param>
public sealed record UploadedItems(ImmutableArray<NewItem> Items, ImmutableArray<LeftOut> LeftOut, ImmutableArray<string> Notes)
{
    private const int MostItems = 100_000;
    private const int MostCharacters = 1_000_000;

    public static UploadedItems Of(IEnumerable<NewItem> items) => new([.. items], [], []);

    /// <exception cref="DataException">There are more items than one upload may bring, or one is too long to be shown.</exception>
    public UploadedItems Within(string name)
    {
        if (Items.Length > MostItems)
        {
            throw new DataException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: holds {Items.Length} items; expected at most {MostItems} in one upload."
                )
            );
        }
        foreach (var (index, item) in Items.Index())
        {
            var length = item.Content.Prompt.Key.Length + item.Content.Candidates.Sum(c => (long)c.Text.Length);
            if (length > MostCharacters)
            {
                throw new DataException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name}: item {index + 1} has {length} characters, more than a page can show; expected at most {MostCharacters}."
                    )
                );
            }
        }

        return this;
    }
}
