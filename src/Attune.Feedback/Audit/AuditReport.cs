using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Audit;

/// <summary>What checking the store found.</summary>
/// <param name="FirstBroken">Null where everything holds; else one sentence that names the first broken link.</param>
/// <param name="Head">Hash of the newest link: written down elsewhere, it proves that nothing before was changed.</param>
public sealed record AuditReport(long Links, int Labels, int Items, string Head, string? FirstBroken);
