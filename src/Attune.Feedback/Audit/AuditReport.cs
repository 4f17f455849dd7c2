namespace Attune.Feedback.Audit;

/// <summary>The result of verifying the store.</summary>
/// <param name="FirstBroken">Null where everything verifies; else one sentence that names the first broken link.</param>
/// <param name="Head">The hash of the newest link: a copy kept elsewhere proves that nothing before it was changed.</param>
public sealed record AuditReport(long Links, int Labels, int Items, string Head, string? FirstBroken);
