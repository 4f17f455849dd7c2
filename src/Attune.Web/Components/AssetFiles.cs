using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Attune.Web.Components;

/// <summary>
/// The style sheet and scripts, embedded in the assembly. Names are looked up in a table, so no path on disk can be requested.
/// </summary>
public static class AssetFiles
{
    private const string Prefix = "web/";
    private static readonly FrozenDictionary<string, byte[]> Files = Load();

    /// <summary>A hash of all files: each build has new addresses, so browsers can cache files indefinitely.</summary>
    private static readonly string Version = Hash();

    // Modules import each other by relative names, so the version is in the folder's name.
    public static string Url(string name) => $"/assets/{Version}/{name}";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet(
                "/assets/{version}/{name}",
                (HttpContext context, string version, string name) =>
                {
                    if (!Files.TryGetValue(name, out var bytes))
                    {
                        return Results.NotFound();
                    }
                    context.Response.Headers.CacheControl = version == Version ? "public, max-age=31536000, immutable" : "no-cache";
                    return Results.Bytes(bytes, ContentType(name));
                }
            )
            .AllowAnonymous()
            .ExcludeFromDescription();

    private static string ContentType(string name) =>
        Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };

    private static FrozenDictionary<string, byte[]> Load()
    {
        var assembly = typeof(AssetFiles).Assembly;
        return assembly
            .GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(
                n => n[Prefix.Length..],
                name =>
                {
                    using var stream = assembly.GetManifestResourceStream(name)!;
                    var bytes = new byte[stream.Length];
                    stream.ReadExactly(bytes);
                    return bytes;
                },
                StringComparer.Ordinal
            );
    }

    private static string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, bytes) in Files.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
