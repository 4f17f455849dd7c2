using System.Security.Cryptography;
using Attune.Core;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>A file that items show, such as an image.</summary>
/// <param name="Type">Its media type, such as image/png.</param>
public sealed record ProjectFile(string Name, string Type, string Sha256, byte[] Content);

/// <summary>
/// Files that were uploaded with a project's items, which name them. A file never changes: what people judged stays what it was.
/// </summary>
public sealed class ProjectFiles
{
    private readonly StoreDatabase _database;

    internal ProjectFiles(StoreDatabase database) => _database = database;

    /// <summary>Adds files; those that are there already with the same content are left alone.</summary>
    /// <returns>How many are new.</returns>
    /// <exception cref="AttuneException">A name is taken by other content; then none is added.</exception>
    public Task<int> AddAsync(
        Guid? actor,
        Guid project,
        IReadOnlyList<(string Name, string Type, byte[] Content)> files,
        CancellationToken cancel
    ) =>
        _database.WriteAgainAsync(
            async writer =>
            {
                var known = await writer
                    .Db.ProjectFiles.Where(f => f.ProjectId == project)
                    .Select(f => new { f.Name, f.Sha256 })
                    .ToDictionaryAsync(f => f.Name, f => f.Sha256, cancel);
                return files.Count(file => Add(writer, actor, known, Row(writer, project, file.Name, file.Type, file.Content)));
            },
            cancel
        );

    private static ProjectFileRow Row(StoreWriter writer, Guid project, string name, string type, byte[] content) =>
        new()
        {
            ProjectId = project,
            Name = name,
            Type = type,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)),
            Content = content,
            CreatedAt = writer.Now,
        };

    /// <returns>Whether it is new.</returns>
    private static bool Add(StoreWriter writer, Guid? actor, Dictionary<string, string> known, ProjectFileRow file)
    {
        if (!known.TryAdd(file.Name, file.Sha256))
        {
            return known[file.Name] == file.Sha256
                ? false
                : throw new AttuneException(
                    $"the project has another file {file.Name}; a file that items show never changes. Give the new one another name."
                );
        }
        writer.Db.ProjectFiles.Add(file);
        writer.Audit(actor, "file.added", file.ProjectId, new { name = file.Name, sha256 = file.Sha256 });
        return true;
    }

    public Task<ProjectFile?> FindAsync(Guid project, string name, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            await db.ProjectFiles.AsNoTracking().SingleOrDefaultAsync(f => f.ProjectId == project && f.Name == name, cancel) is { } row
                ? new ProjectFile(row.Name, row.Type, row.Sha256, row.Content)
                : null
        );
}
