using Attune.Feedback.Labels;

namespace Attune.Feedback.Storage;

/// <summary>The hashes of the audit's links.</summary>
internal static class AuditHash
{
    /// <summary>The previous hash of the first link.</summary>
    public const string Start = "0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>SHA-256 over the previous link's hash and the content of this one.</summary>
    public static string Of(AuditRow row) =>
        StoreJson.Sha256(
            StoreJson.Write(new object[] { row.PreviousHash, row.Sequence, row.At, row.Actor, row.Action, row.Subject, row.DetailJson })
        );

    /// <summary>The hash of a revision as the audit records it: a label that was changed afterwards has another.</summary>
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

    /// <summary>The hash of an item's content, which people were shown.</summary>
    public static string Of(ItemRow item, IEnumerable<CandidateRow> candidates) =>
        StoreJson.Sha256(
            StoreJson.Write(
                new object?[] { item.PromptJson, item.PassagesJson, candidates.OrderBy(c => c.Ordinal).Select(c => c.ContentJson) }
            )
        );

    /// <summary>The hash of the items that were added together.</summary>
    public static string Of(IEnumerable<(Guid Id, string Sha256)> items) =>
        StoreJson.Sha256(StoreJson.Write(items.Select(i => new object[] { i.Id, i.Sha256 })));
}
