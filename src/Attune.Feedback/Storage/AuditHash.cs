using Attune.Feedback.Labels;

namespace Attune.Feedback.Storage;

/// <summary>What the links of the audit are made of.</summary>
internal static class AuditHash
{
    /// <summary>What the first link follows.</summary>
    public const string Start = "0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>SHA-256 over the link before and everything this one says.</summary>
    public static string Of(AuditRow row) =>
        StoreJson.Sha256(
            StoreJson.Write(new object[] { row.PreviousHash, row.Sequence, row.At, row.Actor, row.Action, row.Subject, row.DetailJson })
        );

    /// <summary>What the audit says of a revision: a label changed afterwards no longer has it.</summary>
    public static string Of(RevisionRow row) =>
        StoreJson.Sha256(
            StoreJson.Write(
                new object?[]
                {
                    row.Id,
                    row.ResponseId,
                    row.Number,
                    row.ProjectId,
                    row.TaskId,
                    row.PersonId,
                    row.PresentationId,
                    row.Kind,
                    row.ValueJson,
                    row.BodySha256,
                    row.ExtrasJson,
                    row.Surplus,
                    row.ClientAt,
                    row.ServerAt,
                    row.ActiveMs,
                    row.ElapsedMs,
                    row.UiVersion,
                }
            )
        );

    public static string Of(AdjudicationRow row) =>
        StoreJson.Sha256(
            StoreJson.Write(new object[] { row.Id, row.ProjectId, row.TaskId, row.PersonId, row.ValueJson, row.Reason, row.At })
        );

    /// <summary>Of an item's content: what people were shown.</summary>
    public static string Of(ItemRow item, IEnumerable<CandidateRow> candidates) =>
        StoreJson.Sha256(
            StoreJson.Write(
                new object?[] { item.PromptJson, item.PassagesJson, candidates.OrderBy(c => c.Ordinal).Select(c => c.ContentJson) }
            )
        );

    /// <summary>Of the items that were added together.</summary>
    public static string Of(IEnumerable<(Guid Id, string Sha256)> items) =>
        StoreJson.Sha256(StoreJson.Write(items.Select(i => new object[] { i.Id, i.Sha256 })));
}
