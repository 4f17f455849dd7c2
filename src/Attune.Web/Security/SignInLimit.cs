using System.Text;
using System.Threading.RateLimiting;
using Attune.Web.Configuration;

namespace Attune.Web.Security;

/// <summary>The limit on attempts to sign in to one account, whether it exists or not.</summary>
internal sealed class SignInLimit(WebOptions options) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(name =>
        RateLimitPartition.GetSlidingWindowLimiter(
            name,
            _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = options.SignInsPerMinute,
                Window = TimeSpan.FromMinutes(1),
                SegmentsPerWindow = 6,
            }
        )
    );

    public bool Allows(string name)
    {
        using var lease = _limiter.AttemptAcquire(name.Trim().Normalize(NormalizationForm.FormKC).ToUpperInvariant());
        return lease.IsAcquired;
    }

    public void Dispose() => _limiter.Dispose();
}
