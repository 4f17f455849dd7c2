using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>Converts between the tables of items and <see cref="ItemContent"/>.</summary>
internal static class Contents
{
    /// <param name="Cut">true or absent: what was stored before answers said so keeps its hash.</param>
    private sealed record Said(string Text, ImmutableArray<string> Steps, bool? Cut);

    public static async Task<ItemContent> LoadAsync(FeedbackContext db, Guid item, CancellationToken cancel)
    {
        var row = await db.Items.AsNoTracking().SingleAsync(i => i.Id == item, cancel);
        var candidates = await db.Candidates.AsNoTracking().Where(c => c.ItemId == item).OrderBy(c => c.Ordinal).ToListAsync(cancel);
        return Of(row, candidates);
    }

    public static ItemContent Of(ItemRow row, IEnumerable<CandidateRow> candidates) =>
        new(StoreJson.Read<Prompt>(row.PromptJson), [.. candidates.OrderBy(c => c.Ordinal).Select(Of)])
        {
            ExternalId = row.ExternalId,
            Passages = row.PassagesJson is null ? [] : StoreJson.Read<ImmutableArray<ImmutableArray<string>>>(row.PassagesJson),
            Extras = StoreJson.ReadObject(row.ExtrasJson),
        };

    /// <summary>Rows for a new item; its hash covers what people see.</summary>
    public static (ItemRow Item, ImmutableArray<CandidateRow> Candidates) ToRows(ItemContent content, Guid id, Guid project)
    {
        var item = new ItemRow
        {
            Id = id,
            ProjectId = project,
            ExternalId = content.ExternalId,
            PromptJson = StoreJson.Write(content.Prompt),
            PassagesJson = content.Passages.IsEmpty ? null : StoreJson.Write(content.Passages),
            ExtrasJson = content.Extras is null ? null : StoreJson.Write(content.Extras),
            ContentSha256 = "",
        };
        ImmutableArray<CandidateRow> candidates =
        [
            .. content.Candidates.Select(
                (c, i) =>
                    new CandidateRow
                    {
                        ItemId = id,
                        Ordinal = i,
                        ContentJson = StoreJson.Write(new Said(c.Text, c.Steps, c.IsCut ? true : null)),
                        Policy = c.Policy,
                        ExtrasJson = c.Extras is null ? null : StoreJson.Write(c.Extras),
                    }
            ),
        ];
        item.ContentSha256 = AuditHash.Of(item, candidates);
        return (item, candidates);
    }

    /// <summary>Identifies an item in its project by its content, not its name.</summary>
    public static string HashOf(ItemContent content) => ToRows(content, Guid.Empty, Guid.Empty).Item.ContentSha256;

    private static Candidate Of(CandidateRow row)
    {
        var said = StoreJson.Read<Said>(row.ContentJson);
        return new Candidate(said.Text)
        {
            Steps = said.Steps.IsDefault ? [] : said.Steps,
            IsCut = said.Cut == true,
            Policy = row.Policy,
            Extras = StoreJson.ReadObject(row.ExtrasJson),
        };
    }
}
