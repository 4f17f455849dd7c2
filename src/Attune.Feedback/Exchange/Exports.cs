using System.Collections.Immutable;
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

/// <summary>What an export wrote, or would write.</summary>
/// <param name="Labels">Labels that the rows say.</param>
/// <param name="LeftOut">Labels that are left out, such as ties in hh-rlhf, by reason.</param>
public sealed record ExportReport(string Format, int Rows, int Labels, ImmutableArray<LeftOut> LeftOut)
{
    public int Unsaid => LeftOut.Sum(l => l.Count);
}

/// <summary>
/// Labels in public formats, by the rule of snapshots: a manager's decision counts in place of a task's labels; extra labels that came
/// late, and gold, attention and repeat tasks, are left out. People are named by pseudonym.
/// </summary>
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
        var able = FeedbackFormats.For(info.Kind);
        if (!able.Contains(format))
        {
            throw new ConfigurationException(
                able.IsEmpty
                    ? $"no format holds labels of kind {info.Kind}; take a snapshot."
                    : $"{format} cannot hold labels of kind {info.Kind}; formats that can: {string.Join(", ", able)}."
            );
        }
        var (labels, leftOut) = await LoadAsync(info, writer.JoinsLabels, cancel);
        // A chat is told as the comparisons of its turns.
        var kind = info.Kind == ProjectKind.Chat ? ProjectKind.Comparison : info.Kind;
        var context = new FormatContext(kind, info.Settings, tokenizer);
        try
        {
            // Groups come in the order of their first label.
            var rows = new List<JsonObject>();
            var said = 0;
            foreach (var group in labels.GroupBy(writer.GroupOf))
            {
                OutLabel[] own = [.. group];
                var (written, unsaid) = Write(writer, own, context);
                rows.AddRange(written);
                said += own.Count(l => l.Judgement is not null) - unsaid.Length;
                leftOut.AddRange(unsaid.Select(l => (Unsaid.Reason(l.Judgement!, info.Settings, format), (string?)null)));
            }
            return (rows, new ExportReport(format, rows.Count, said, LeftOut.Of(leftOut)));
        }
        catch (RowException problem)
        {
            throw new ConfigurationException($"{format}: {problem.Field} {problem.Message}");
        }
    }

    /// <summary>The rows for labels that belong together, and the labels that they do not say.</summary>
    private static (IReadOnlyList<JsonObject> Rows, OutLabel[] Unsaid) Write(IExchangeFormat writer, OutLabel[] own, FormatContext context)
    {
        JsonObject[] rows = [.. writer.Write(own, context)];
        OutLabel[] unsaid =
        [
            .. own.Where(l => l.Judgement is not null && (own.Length == 1 ? rows.Length == 0 : !writer.Write([l], context).Any())),
        ];
        return (rows, unsaid);
    }

    private Task<(List<OutLabel> Labels, List<(string, string?)> LeftOut)> LoadAsync(
        ProjectInfo project,
        bool joined,
        CancellationToken cancel
    ) =>
        _database.ReadAsync(async db =>
        {
            var labels = (await LabelSet.LoadAsync(db, project.Id, cancel))
                .Where(l => l.TaskKind == TaskKind.Normal)
                .ToLookup(l => l.TaskId);
            var contents = await AllContents.LoadAsync(db, project.Id, cancel);
            var chats = project.Kind == ProjectKind.Chat ? await ChatPairs.LoadAsync(db, project.Id, contents, cancel) : null;
            var decisions = await SnapshotReader.DecisionsAsync(db, project.Id, cancel);
            var (result, leftOut) = (new List<OutLabel>(), new List<(string, string?)>());
            foreach (var (task, content) in contents)
            {
                if (decisions.TryGetValue(task, out var decision))
                {
                    result.Add(Decided(content, decision) with { ItemId = task });
                    leftOut.AddRange(labels[task].Select(_ => ("a manager's decision counts in its place", (string?)null)));
                    continue;
                }
                leftOut.AddRange(labels[task].Where(l => l.Surplus).Select(_ => ("an extra label that arrived late", (string?)null)));
                StandingLabel[] standing = [.. labels[task].Where(l => !l.Surplus)];
                if (standing.Length == 0)
                {
                    result.Add(new OutLabel(content, null, null, null, null, content.Extras, task));
                }
                foreach (var label in standing)
                {
                    result.AddRange(chats is null ? [Plain(content, label, joined) with { ItemId = task }] : OfChat(label, chats));
                }
            }

            return (result, leftOut);
        });

    private static OutLabel Decided(ItemContent content, SnapshotReader.Decision decision) =>
        new(
            content,
            decision.Pseudonym,
            StoreJson.Read<Judgement>(decision.Row.ValueJson),
            DateTimeOffset.FromUnixTimeMilliseconds(decision.Row.At),
            null,
            null,
            decision.Row.Id
        );

    private static OutLabel Plain(ItemContent content, StandingLabel label, bool joined)
    {
        var extras = StoreJson.ReadObject(label.ExtrasJson);
        // A row whose answers lay in another order comes out as it went in.
        var order = joined ? null : SourceExtras.OrderOf(extras);
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
