using Microsoft.AspNetCore.Http;

namespace Attune.Web.Completions;

/// <summary>The path under which the served model answers.</summary>
internal static class ModelRoute
{
    public static bool Matches(HttpRequest request) => request.Path.StartsWithSegments("/v1");
}
