using Attune.Core;
using Attune.Data.Sources;
using Attune.Feedback.Labels;
using Attune.Web.Configuration;
using Attune.Web.Projects;
using Attune.Web.Rendering;
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
    private const long LargestImage = 8L << 20;
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

    /// <summary>The images that were uploaded with the items, by the names that the items use.</summary>
    /// <exception cref="DataException">A file is not a picture of pixels.</exception>
    public static async Task<IReadOnlyList<(string Name, string Type, byte[] Content)>> ReadImagesAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var images = new List<(string, string, byte[])>();
        foreach (var file in form.Files.GetFiles("images").Where(f => f.Length > 0))
        {
            var name = file.FileName[(file.FileName.LastIndexOfAny(['/', '\\']) + 1)..];
            if (file.Length > LargestImage)
            {
                throw new DataException($"image {name} has {file.Length >> 20} MiB; expected at most {LargestImage >> 20} MiB.");
            }
            var stream = file.OpenReadStream();
            await using (stream)
            {
                using var content = new MemoryStream();
                await stream.CopyToAsync(content, context.RequestAborted);
                var bytes = content.ToArray();
                images.Add(
                    ImageFile.TypeOf(bytes) is { } type && ImageFile.IsName(name)
                        ? (name, type, bytes)
                        : throw new DataException(
                            $"{name} is not an image that pages show; expected a PNG, JPEG, GIF or WebP file with "
                                + "such an ending and a plain name."
                        )
                );
            }
        }

        return images;
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
