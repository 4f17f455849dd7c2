using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Attune.Web.Completions;
using Attune.Web.Configuration;
using Attune.Web.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Security;

/// <summary>
/// Limits on requests per minute. They count by person wherever one is known, as many people may share an address: an office, a class, a
/// provider. An address has a limit of its own with a wide margin, for requests of people who have not signed in.
/// </summary>
internal static class RateLimits
{
    /// <summary>The policy for endpoints that take a secret: passwords and invitation links.</summary>
    public const string Secrets = "secrets";

    public static void AddRateLimits(this IServiceCollection services, WebOptions options) =>
        services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = async (rejected, cancel) =>
            {
                var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(10);
                rejected.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                await Problems.Write(
                    rejected.HttpContext,
                    StatusCodes.Status429TooManyRequests,
                    "Too many requests in a short time. Wait a moment, then try again."
                );
            };
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
                context.Request.Path.StartsWithSegments("/assets") ? RateLimitPartition.GetNoLimiter("assets")
                : ModelRoute.Matches(context.Request) ? Minute("model:" + Who(context), options.ModelRequestsPerMinute)
                : Person(context) is { } person ? Minute(person, options.RequestsPerMinute)
                : Minute(Who(context), options.RequestsPerAddress)
            );
            limiter.AddPolicy(
                Secrets,
                context =>
                    Person(context) is { } person
                        ? Minute("secrets:" + person, options.SignInsPerMinute)
                        : Minute("secrets:" + Who(context), options.SignInsPerAddress)
            );
        });

    private static RateLimitPartition<string> Minute(string who, int most) =>
        RateLimitPartition.GetSlidingWindowLimiter(
            who,
            _ => new SlidingWindowRateLimiterOptions
            {
                PermitLimit = most,
                Window = TimeSpan.FromMinutes(1),
                SegmentsPerWindow = 6,
            }
        );

    private static string? Person(HttpContext context) => context.User.FindFirstValue(ClaimTypes.NameIdentifier);

    private static string Who(HttpContext context) => Person(context) ?? "address:" + Address(context);

    private static string Address(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "unknown";
}
