using Attune.Core;
using Attune.Feedback.Labels;
using Attune.Feedback.People;
using Attune.Feedback.Storage;
using Microsoft.EntityFrameworkCore;

namespace Attune.Feedback.Projects;

/// <summary>
/// Projects: what is asked, and by which guidelines. For managers: the caller checks who may call
/// (<see cref="PeopleDirectory.RoleInAsync"/>).
/// </summary>
public sealed class ProjectCatalog
{
    private const int FirstVersion = 1;
    private readonly StoreDatabase _database;

    internal ProjectCatalog(StoreDatabase database) => _database = database;

    /// <exception cref="AttuneException">The name is taken, or a setting cannot work.</exception>
    public async Task<ProjectInfo> CreateAsync(
        Guid? actor,
        string name,
        ProjectKind kind,
        ProjectSettings settings,
        string guidelines,
        CancellationToken cancel
    ) => (await CreateAsync(actor, name, kind, settings, guidelines, [], manages: false, cancel)).Project;

    /// <summary>A project with its items, or neither.</summary>
    /// <param name="manages">Whether <paramref name="actor"/> becomes its manager.</param>
    /// <exception cref="AttuneException">The name is taken, a setting cannot work, or an item does not fit.</exception>
    public Task<(ProjectInfo Project, AddedItems Added)> CreateAsync(
        Guid? actor,
        string name,
        ProjectKind kind,
        ProjectSettings settings,
        string guidelines,
        IReadOnlyList<NewItem> items,
        bool manages,
        CancellationToken cancel
    )
    {
        Check(settings);
        if (string.IsNullOrWhiteSpace(name) || name.Length > 200)
        {
            throw new ConfigurationException("a project needs a name of 1 to 200 characters.");
        }
        return _database.WriteAsync(
            async writer =>
            {
                if (await writer.Db.Projects.AnyAsync(p => p.Name == name, cancel))
                {
                    throw new AttuneException($"a project called '{name}' already exists; choose another name.");
                }
                var project = Add(writer, actor, name, kind, settings, guidelines);
                await writer.Db.SaveChangesAsync(cancel);
                if (manages)
                {
                    await RoleChanges.SetMemberAsync(writer, actor!.Value, project.Id, actor.Value, MemberRole.Manager, cancel);
                }
                return (Info(project, FirstVersion), await new ItemWriter(writer, actor, project.Id).RunAsync(items, cancel));
            },
            cancel
        );
    }

    public Task<IReadOnlyList<ProjectInfo>> ListAsync(CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            (IReadOnlyList<ProjectInfo>)
                [.. (await Query(db, db.Projects).ToListAsync(cancel)).Select(r => Info(r.Project, r.Number)).OrderBy(p => p.CreatedAt)]
        );

    public Task<ProjectInfo?> FindAsync(Guid id, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            await Query(db, db.Projects.Where(p => p.Id == id)).SingleOrDefaultAsync(cancel) is { } row
                ? Info(row.Project, row.Number)
                : null
        );

    /// <exception cref="AttuneException">No such project.</exception>
    internal async Task<ProjectInfo> RequireAsync(Guid id, CancellationToken cancel) =>
        await FindAsync(id, cancel) ?? throw new AttuneException($"there is no project {id}.");

    /// <summary>Finds a project by its name or id.</summary>
    /// <exception cref="AttuneException">No such project; the message suggests the nearest name.</exception>
    public async Task<ProjectInfo> RequireAsync(string name, CancellationToken cancel)
    {
        var all = await ListAsync(cancel);
        return all.FirstOrDefault(p => p.Name == name)
            ?? all.FirstOrDefault(p => p.Id.ToString() == name)
            ?? throw new AttuneException(
                $"there is no project '{name}' in {_database.Options.Place}.{Suggestion.For(name, all.Select(p => p.Name))} "
                    + $"{(all.Count == 0 ? "The store has no projects yet." : $"Projects: {string.Join(", ", all.Select(p => p.Name))}.")}"
            );
    }

    /// <summary>
    /// Changes the settings. A higher quota opens further places on all tasks; a lower one removes the free ones.
    /// </summary>
    public Task<ProjectInfo> ChangeSettingsAsync(Guid? actor, Guid id, ProjectSettings settings, CancellationToken cancel)
    {
        Check(settings);
        return ChangeAsync(
            actor,
            id,
            "project.settings",
            settings,
            async (writer, project) =>
            {
                await Quotas.ChangeAsync(writer.Db, id, settings.Quota, cancel);
                project.SettingsJson = StoreJson.Write(settings);
            },
            cancel
        );
    }

    public Task<ProjectInfo> SetStateAsync(Guid? actor, Guid id, ProjectState state, CancellationToken cancel) =>
        ChangeAsync(
            actor,
            id,
            "project.state",
            new { state },
            (_, project) =>
            {
                project.State = state;
                return Task.CompletedTask;
            },
            cancel
        );

    /// <summary>Publishes a new version of the guidelines; labels record which version their author had acknowledged.</summary>
    public Task<ProjectInfo> PublishGuidelinesAsync(Guid? actor, Guid id, string markdown, CancellationToken cancel) =>
        ChangeAsync(
            actor,
            id,
            null,
            "",
            async (writer, project) =>
            {
                var last = await writer.Db.Guidelines.Where(g => g.ProjectId == id).MaxAsync(g => g.Number, cancel);
                Publish(writer, actor, project, last + 1, markdown);
                await writer.Db.SaveChangesAsync(cancel);
            },
            cancel
        );

    /// <param name="number">Null for the newest.</param>
    public Task<GuidelineVersion?> GuidelinesAsync(Guid id, int? number, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
            await db
                .Guidelines.AsNoTracking()
                .Where(g => g.ProjectId == id && (number == null || g.Number == number))
                .OrderByDescending(g => g.Number)
                .FirstOrDefaultAsync(cancel)
                is { } row
                ? Version(row)
                : null
        );

    internal static GuidelineVersion Version(GuidelineVersionRow row) =>
        new(row.Id, row.Number, row.Markdown, row.Sha256, DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt));

    public Task<ProjectProgress> ProgressAsync(Guid id, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var tasks = db.Tasks.Where(t => t.ProjectId == id && t.Kind == TaskKind.Normal);
            var slots = db.Slots.Where(s => s.ProjectId == id && tasks.Any(t => t.Id == s.TaskId));
            var responses = db.Responses.Where(r => r.ProjectId == id);
            var now = _database.Now;
            return new ProjectProgress(
                await tasks.CountAsync(cancel),
                await slots.CountAsync(cancel),
                await slots.CountAsync(s => s.State == SlotState.Done, cancel),
                await slots.CountAsync(s => s.State == SlotState.Leased && s.ExpiresAt >= now, cancel),
                await responses.CountAsync(r => r.State == ResponseState.Submitted && r.Surplus, cancel),
                await responses.CountAsync(r => r.State == ResponseState.Skipped, cancel),
                await responses.CountAsync(r => r.State == ResponseState.Flagged, cancel),
                await tasks.CountAsync(t => t.State == TaskState.Held, cancel)
            );
        });

    private Task<ProjectInfo> ChangeAsync(
        Guid? actor,
        Guid id,
        string? action,
        object detail,
        Func<StoreWriter, ProjectRow, Task> change,
        CancellationToken cancel
    ) =>
        _database.WriteAsync(
            async writer =>
            {
                var project =
                    await writer.Db.Projects.SingleOrDefaultAsync(p => p.Id == id, cancel)
                    ?? throw new AttuneException($"there is no project {id}.");
                await change(writer, project);
                if (action is not null)
                {
                    writer.Audit(actor, action, id, detail);
                }
                return Info(
                    project,
                    await writer.Db.Guidelines.Where(g => g.Id == project.GuidelineVersionId).Select(g => g.Number).SingleAsync(cancel)
                );
            },
            cancel
        );

    private static ProjectRow Add(
        StoreWriter writer,
        Guid? actor,
        string name,
        ProjectKind kind,
        ProjectSettings settings,
        string guidelines
    )
    {
        var project = new ProjectRow
        {
            Id = writer.NewId(),
            Name = name,
            Kind = kind,
            SettingsJson = StoreJson.Write(settings),
            CreatedAt = writer.Now,
        };
        Publish(writer, actor, project, FirstVersion, guidelines);
        writer.Db.Projects.Add(project);
        var detail = new
        {
            name,
            kind,
            settings,
        };
        writer.Audit(actor, "project.created", project.Id, detail);
        return project;
    }

    private static void Publish(StoreWriter writer, Guid? actor, ProjectRow project, int number, string markdown)
    {
        var version = new GuidelineVersionRow
        {
            Id = writer.NewId(),
            ProjectId = project.Id,
            Number = number,
            Markdown = markdown,
            Sha256 = StoreJson.Sha256(markdown),
            CreatedAt = writer.Now,
        };
        writer.Db.Guidelines.Add(version);
        project.GuidelineVersionId = version.Id;
        writer.Audit(
            actor,
            "guidelines.published",
            version.Id,
            new
            {
                project = project.Id,
                number,
                sha256 = version.Sha256,
            }
        );
    }

    private sealed record Numbered(ProjectRow Project, int Number);

    private static IQueryable<Numbered> Query(FeedbackContext db, IQueryable<ProjectRow> projects) =>
        from project in projects.AsNoTracking()
        join version in db.Guidelines on project.GuidelineVersionId equals version.Id
        select new Numbered(project, version.Number);

    private static ProjectInfo Info(ProjectRow row, int guideline) =>
        new(row.Id, row.Name, row.Kind, row.State, row.ReadSettings(), guideline, DateTimeOffset.FromUnixTimeMilliseconds(row.CreatedAt));

    private static void Check(ProjectSettings settings)
    {
        var problems = settings.Problems().ToArray();
        if (problems.Length > 0)
        {
            throw new ConfigurationException(problems);
        }
    }
}
