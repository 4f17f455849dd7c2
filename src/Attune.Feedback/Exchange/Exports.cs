using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Data.Sources;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Quality;
using Attune.Feedback.Snapshots;
using Attune.Feedback.Storage;
using Attune.Text.Tokenizers;

namespace Attune.Feedback.Exchange;

/// <summary>What an export wrote.</summary>
/// <param name="Unsaid">Labels that the format cannot hold, such as ties in hh-rlhf.</param>
public sealed record ExportReport(string Format, int Rows, int Labels, int Unsaid);

/// <summary>Labels in public formats. People are named by pseudonym; gold, attention and repeat tasks are left out.</summary>
public sealed class Exports
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly StoreDatabase _database;
    private readonly ProjectCatalog _projects;

    internal Exports(StoreDatabase database, ProjectCatalog projects) => (_database, _projects) = (database, projects);

    /// <summary>JSON lines, or one JSON array where the name ends in .json; packed where it ends in .gz.</summary>
    /// <param name="format">One of <see cref="FeedbackFormats.Names"/>.</param>
    /// <exception cref="ConfigurationException">The format cannot hold what the project asks.</exception>
    public async Task<ExportReport> WriteAsync(Guid project, string format, string path, ITokenizer? tokenizer, CancellationToken cancel)
    {
        var (rows, report) = await RowsAsync(project, format, tokenizer, cancel);
        RowFile.Write(path, [.. rows.Select(r => JsonSerializer.SerializeToUtf8Bytes(r, Json))]);
        return report;
    }

    /// <summary>The rows themselves, for an API to send.</summary>
    public async Task<(IReadOnlyList<JsonObject> Rows, ExportReport Report)> RowsAsync(
        Guid project,
        string format,
        ITokenizer? tokenizer,
        CancellationToken cancel
    )
    {
        var info = await _projects.RequireAsync(project, cancel);
        var writer = FeedbackFormats.Named(format);
        if (!writer.Writes.Contains(info.Kind) && info.Kind != ProjectKind.Chat)
        {
            throw new ConfigurationException(
                $"{format} cannot hold labels of kind {info.Kind}; formats that can: "
                    + $"{string.Join(", ", FeedbackFormats.All.Where(f => f.Writes.Contains(info.Kind)).Select(f => f.Name))}."
            );
        }
        var labels = await LoadAsync(info, cancel);
        var context = new FormatContext(info.Kind, info.Settings, tokenizer);
        try
        {
            // Groups come in the order of their first label.
            List<JsonObject> rows = [.. labels.GroupBy(writer.GroupOf).SelectMany(g => writer.Write([.. g], context))];
            var said = labels
                .GroupBy(writer.GroupOf)
                .Where(g => writer.Write([.. g], context).Any())
                .Sum(g => g.Count(l => l.Judgement is not null));
            var all = labels.Count(l => l.Judgement is not null);
            return (rows, new ExportReport(format, rows.Count, said, all - said));
        }
        catch (RowException problem)
        {
            throw new ConfigurationException($"{format}: {problem.Field} {problem.Message}");
        }
    }

    private Task<List<OutLabel>> LoadAsync(ProjectInfo project, CancellationToken cancel) =>
        _database.ReadAsync(async db =>
        {
            var labels = (await LabelSet.LoadAsync(db, project.Id, cancel))
                .Where(l => l.TaskKind == TaskKind.Normal)
                .ToLookup(l => l.TaskId);
            var contents = await AllContents.LoadAsync(db, project.Id, cancel);
            var chats = project.Kind == ProjectKind.Chat ? await ChatPairs.LoadAsync(db, project.Id, contents, cancel) : null;
            var result = new List<OutLabel>();
            foreach (var (task, content) in contents)
            {
                if (!labels.Contains(task))
                {
                    result.Add(new OutLabel(content, null, null, null, null, content.Extras, task));
                }
                foreach (var label in labels[task])
                {
                    result.AddRange(chats is null ? [Plain(content, label)] : OfChat(label, chats));
                }
            }

            return result;
        });

    private static OutLabel Plain(ItemContent content, StandingLabel label)
    {
        var extras = StoreJson.ReadObject(label.ExtrasJson);
        // A row whose answers lay in another order comes out as it went in.
        var order = SourceExtras.OrderOf(extras);
        return new OutLabel(
            order is { } places ? content with { Candidates = [.. places.Select(p => content.Candidates[p])] } : content,
            Unnamed.Is(label.Pseudonym) ? null : label.Pseudonym,
            order is { } turned ? new ShownOrder(turned).ToShown(label.Judgement) : label.Judgement,
            At(label),
            label.ActiveMs is { } active ? TimeSpan.FromMilliseconds(active) : null,
            extras,
            label.RevisionId
        );
    }

    private static IEnumerable<OutLabel> OfChat(StandingLabel label, ChatPairs chats) =>
        chats.Comparisons(label).Select(c => new OutLabel(c.Content, label.Pseudonym, c.Judgement, At(label), null, null, c.Id));

    private static DateTimeOffset At(StandingLabel label) => DateTimeOffset.FromUnixTimeMilliseconds(label.ClientAt ?? label.At);
}
