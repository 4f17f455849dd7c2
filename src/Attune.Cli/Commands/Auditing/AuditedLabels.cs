using System.Text;
using Attune.Audit.Judgements;
using Attune.Cli.Commands.Feedback;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback;
using Attune.Feedback.Projects;

namespace Attune.Cli.Commands.Auditing;

/// <summary>The labels that an audit reads: a file, a snapshot, or a project of a feedback store.</summary>
internal static class AuditedLabels
{
    // How every SQLite file begins.
    private static readonly byte[] Sqlite = Encoding.ASCII.GetBytes("SQLite format 3\0");

    public static async Task<JudgedSource> ReadAsync(string? path, string? database, string? project, CancellationToken cancel)
    {
        var store = (path, database) switch
        {
            (null, null) => throw new AttuneException(
                "there is nothing to audit. Expected a file of labels, a snapshot's folder, a run's, or a feedback store (--database)."
            ),
            (not null, not null) => throw new AttuneException(
                $"both {path} and --database {database} are given. Expected one source of labels."
            ),
            (null, not null) => database,
            _ when DatabaseAddress.IsPostgreSql(path) || IsSqlite(path) => path,
            _ => null,
        };
        if (store is not null)
        {
            return await OfStoreAsync(store, project, cancel);
        }

        return project is null
            ? JudgedSource.OfFile(path!)
            : throw new AttuneException($"--project {project} is given, but {path} is no feedback store. Expected one, or no --project.");
    }

    private static async Task<JudgedSource> OfStoreAsync(string database, string? name, CancellationToken cancel)
    {
        await using var store = await FeedbackArguments.OpenAsync(database, cancel);
        var project = name is null ? await OnlyAsync(store, cancel) : await store.Projects.RequireAsync(name, cancel);
        return JudgedSource.OfProject(project.Name, await store.Judgements.OfAsync(project.Id, cancel));
    }

    private static async Task<ProjectInfo> OnlyAsync(FeedbackStore store, CancellationToken cancel) =>
        await store.Projects.ListAsync(cancel) switch
        {
            [var only] => only,
            [] => throw new AttuneException($"{store.Options.Place} has no projects yet; there is nothing to audit."),
            var all => throw new AttuneException(
                $"{store.Options.Place} has {all.Count} projects. Say which with --project: {string.Join(", ", all.Select(p => p.Name))}."
            ),
        };

    private static bool IsSqlite(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var file = File.OpenRead(path);
        var start = new byte[Sqlite.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.AsSpan().SequenceEqual(Sqlite);
    }
}
