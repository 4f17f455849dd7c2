namespace Attune.Feedback.Audit;

/// <summary>One entry of the audit.</summary>
/// <param name="Actor">A person's id, or "system".</param>
/// <param name="Detail">JSON.</param>
public sealed record AuditEntry(long Sequence, DateTimeOffset At, string Actor, string Action, string Subject, string Detail, string Hash);
