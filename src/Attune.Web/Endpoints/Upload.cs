using System.Collections.Immutable;
using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Web.Projects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Attune.Web.Endpoints;

/// <summary>
/// A file uploaded by a manager. It is stored under a name chosen by the server while it is read; only the extension of its own name
/// matters.
/// </summary>
internal static class Upload
{
    private static readonly string[] Plain = [".jsonl", ".json", ".csv", ".tsv", ".parquet"];
    private static readonly string[] Endings = [.. Plain, .. Plain.Select(e => e + ".gz"), .. Plain.Select(e => e + ".zst")];

    /// <summary>Raises an endpoint's limit above that for forms.</summary>
    public sealed record Limit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;

    /// <summary>Null where no file was chosen.</summary>
    public static async Task<ImmutableArray<NewItem>?> ReadItemsAsync(HttpContext context, ProjectKind kind)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (form.Files.GetFile("file") is not { Length: > 0 } file)
        {
            return null;
        }
        var stream = file.OpenReadStream();
        await using (stream)
        {
            return await ReadItemsAsync(stream, file.FileName, kind, context.RequestAborted);
        }
    }

    public static async Task<ImmutableArray<NewItem>> ReadItemsAsync(
        Stream content,
        string name,
        ProjectKind kind,
        CancellationToken cancel
    )
    {
        var ending =
            Endings.OrderByDescending(e => e.Length).FirstOrDefault(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase))
            ?? throw new DataException($"the file name must end in {string.Join(", ", Plain)}, or in .gz or .zst after one of them.");
        var folder = Directory.CreateTempSubdirectory("attune-upload-");
        try
        {
            var path = Path.Combine(folder.FullName, "items" + ending);
            var file = File.Create(path);
            await using (file)
            {
                await content.CopyToAsync(file, cancel);
            }

            return ItemFile.Read(path, kind);
        }
        catch (AttuneException problem)
        {
            // People know the file by its own name, not by the server's.
            throw new DataException(problem.Message.Replace(folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
