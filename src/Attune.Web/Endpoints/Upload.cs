using Attune.Core;
using Attune.Data.Sources;
using Attune.Feedback.Labels;
using Attune.Web.Configuration;
using Attune.Web.Projects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace Attune.Web.Endpoints;

/// <summary>
/// A file uploaded by a manager. It is stored under a harmless form of its name while it is read. What it may hold unpacked is limited,
/// because a small packed file can unpack to anything.
/// </summary>
internal static class Upload
{
    private const int LongestName = 100;
    private const long Large = 8L << 20;
    private static readonly string[] Plain = [".jsonl", ".json", ".csv", ".tsv", ".parquet"];
    private static readonly string[] Endings = [.. Plain, .. Plain.Select(e => e + ".gz"), .. Plain.Select(e => e + ".zst")];

    /// <summary>Raises an endpoint's limit above that for forms.</summary>
    public sealed record Limit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;

    /// <summary>Null where no file was chosen.</summary>
    public static async Task<UploadedItems?> ReadItemsAsync(HttpContext context, ProjectKind kind)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form.Files.GetFile("file") is not { Length: > 0 } file)
        {
            return null;
        }
        var stream = file.OpenReadStream();
        await using (stream)
        {
            return await ReadItemsAsync(context, stream, file.FileName, kind);
        }
    }

    public static async Task<UploadedItems> ReadItemsAsync(HttpContext context, Stream content, string name, ProjectKind kind)
    {
        if (!Endings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase)))
        {
            throw new DataException($"the file name must end in {string.Join(", ", Plain)}, or in .gz or .zst after one of them.");
        }
        var options = context.RequestServices.GetRequiredService<WebOptions>();
        var folder = Directory.CreateTempSubdirectory("attune-upload-");
        var size = 0L;
        try
        {
            var path = Path.Combine(folder.FullName, Harmless(name));
            var file = File.Create(path);
            await using (file)
            {
                await content.CopyToAsync(file, context.RequestAborted);
                size = file.Length;
            }

            DataSize.RequireAtMost(path, options.LargestUnpacked);
            return ItemFile.ReadAll(path, kind).Within(Harmless(name));
        }
        catch (AttuneException problem)
        {
            // People know the file by its own name, not by the server's; pages begin a sentence with a capital, which a name must keep.
            var said = problem.Message.Replace(folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
            throw new DataException(said.StartsWith(Harmless(name), StringComparison.Ordinal) ? "file " + said : said);
        }
        finally
        {
            folder.Delete(recursive: true);
            GiveBack(size);
        }
    }

    /// <summary>The end of a name, without folders and characters that a file system or a page could take amiss.</summary>
    private static string Harmless(string name)
    {
        var last = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var plain = string.Concat(last.Select(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' or ' ' ? c : '_')).TrimStart('.', ' ');
        return plain.Length > LongestName ? plain[^LongestName..] : plain;
    }

    /// <summary>Reading a large file leaves much garbage, which a server that then idles would keep.</summary>
    private static void GiveBack(long size)
    {
        if (size > Large)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }
}
