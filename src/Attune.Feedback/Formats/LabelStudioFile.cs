using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// A file that Label Studio exported. Of its controls it takes one: the one that was asked for, else a comparison, a ranking, marked parts,
/// a choice among answers, or a rating, in this order. Skipped annotations and drafts are no labels.
/// </summary>
internal sealed class LabelStudioFile : ILabelFile
{
    private static readonly ImmutableArray<string> Order =
    [
        "pairwise",
        "ranker",
        "labels",
        "hypertextlabels",
        "paragraphlabels",
        "choices",
        "rating",
        "number",
    ];

    private readonly LabelStudioConfiguration? _configuration;
    private readonly HashSet<string> _controls;
    private readonly string? _control;
    private readonly LabelStudioContent _content;
    private readonly LabelStudioSpans _spans;

    public LabelStudioFile(ImmutableArray<JsonObject> rows, string path, ImportOptions options)
    {
        _configuration = options.Configuration is { } file ? LabelStudioConfiguration.Read(file) : null;
        JsonObject[] flat = [.. rows.Where(r => !LabelStudioTask.IsWhole(r))];
        _controls =
        [
            .. LabelStudioTask.Controls(flat),
            .. flat.SelectMany(r => r.Select(f => f.Key)).Distinct().Where(c => c == options.Question || _configuration?.Has(c) == true),
        ];
        LabelStudioTask[] tasks = [.. rows.Where(IsTask).Select(r => LabelStudioTask.Of(r, _controls))];
        var named = tasks.SelectMany(t => t.Annotations.SelectMany(a => a.Results)).DistinctBy(r => r.From).Select(r => r.From).ToArray();
        if (options.Question is { } asked && !named.Contains(asked))
        {
            throw new DataException(
                $"{path}: no control '{asked}' gave a result.{Suggestion.For(asked, named)} Controls: {string.Join(", ", named)}."
            );
        }
        (_control, Kind) = Choose(tasks, path, options.Question);
        _content = new LabelStudioContent(_configuration, _control);
        _spans = new LabelStudioSpans(options.Offsets ?? UnitOf(tasks));
        Notes =
            _control is not null && named.Length > 1
                ? [$"labels are what '{_control}' gave; not taken: {string.Join(", ", named.Where(n => n != _control))}"]
                : [];
    }

    public ProjectKind Kind { get; }

    public ImmutableArray<string> Notes { get; }

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
    {
        var task = LabelStudioTask.Of(row, _controls);
        context.LeftOut.AddRange(task.Drafts);
        var read = new List<ReadRow>();
        foreach (var annotation in task.Annotations)
        {
            if (annotation.Skipped)
            {
                context.LeftOut.Add("skipped by the annotator");
                continue;
            }
            try
            {
                read.Add(Label(task, annotation));
            }
            catch (RowException problem) when (task.Annotations.Length > 1)
            {
                context.LeftOut.Add($"\"{problem.Field}\" {problem.Message.TrimEnd('.')}");
            }
            catch (DroppedRowException drop)
            {
                context.LeftOut.Add(drop.Message);
            }
        }

        return read.Count > 0 ? read : [new ReadRow(Item(task, null, []), null)];
    }

    private ReadRow Label(LabelStudioTask task, LabelStudioAnnotation annotation)
    {
        LabelStudioResult[] own = [.. annotation.Results.Where(r => r.From == _control)];
        if (own.Length == 0 && Kind != ProjectKind.Spans)
        {
            throw new DroppedRowException(_control is null ? "nothing was answered" : $"no answer to '{_control}'");
        }
        var ranked = Kind == ProjectKind.Ranking ? Ranked(own[0]) : [];
        var content = Item(task, own.FirstOrDefault()?.To, ranked);
        var judgement = Kind switch
        {
            ProjectKind.Comparison when own[0].Type == "pairwise" => Compared(own[0].Value),
            ProjectKind.Ranking => new RankingJudgement([
                .. content.Candidates.Select((_, i) => 1 + Array.IndexOf(ranked, Ids(task, ranked)[i])),
            ]),
            ProjectKind.Spans => new SpansJudgement([.. Spans(task, annotation, own, content)], []),
            ProjectKind.Rating => new RatingJudgement(Number(own[0])),
            _ => Chosen(own[0], AnswerNames.Of(task.Data)),
        };
        return new ReadRow(
            content,
            new ExistingLabel(annotation.Annotator, judgement)
            {
                At = annotation.At,
                Active = annotation.Active,
                Source = annotation.Id is { } id ? new LabelSource($"{LabelStudio.Format}:{id}", IsId: true) : null,
            }
        );
    }

    private IEnumerable<AnswerSpan> Spans(
        LabelStudioTask task,
        LabelStudioAnnotation annotation,
        LabelStudioResult[] own,
        ItemContent content
    )
    {
        var turns = LabelStudioContent.Dialogue(task.Data[_content.One(task.Data, own.FirstOrDefault()?.To)]);
        return own.SelectMany(r => LabelStudioSpans.Of(r, Said(annotation, r), _spans.Part(r.Value, content.Candidates[0].Text, turns)));
    }

    /// <summary>What other controls say about the same region.</summary>
    private static string? Said(LabelStudioAnnotation annotation, LabelStudioResult region)
    {
        string[] said =
        [
            .. annotation
                .Results.Where(r => region.Region is not null && r.Region == region.Region && r.From != region.From)
                .SelectMany(r => (r.Value["choices"] ?? r.Value["text"]) as JsonArray ?? [])
                .Select(n => n is JsonValue value && value.TryGetValue<string>(out var text) ? text : n?.ToJsonString())
                .OfType<string>(),
        ];
        return said.Length == 0 ? null : string.Join("; ", said);
    }

    /// <param name="ranked">
    /// The ids of the answers, for rankings: those that were not placed were not ranked, so they are not in the item.
    /// </param>
    private ItemContent Item(LabelStudioTask task, string? tag, string[] ranked)
    {
        var (data, name) = (task.Data, task.Id);
        var extras = RowFrame.Keep(LabelStudio.Format, new JsonObject { ["data"] = data.DeepClone() });
        switch (Kind)
        {
            case ProjectKind.Ranking:
                var listed = _content.Listed(data, ranked).Where(a => ranked.Length == 0 || ranked.Contains(LabelStudioContent.Id(a)));
                return Content(data, [], listed.Select(LabelStudioContent.Body));
            case ProjectKind.Comparison or ProjectKind.BestOf:
                var answers = Kind == ProjectKind.BestOf ? AnswerNames.Of(data) : _content.Pair(data);
                return Content(data, answers, answers.Select(a => data.Text(a)));
            default:
                var field = _content.One(data, tag);
                var text = LabelStudioContent.Dialogue(data[field]) is { } turns ? string.Join('\n', turns) : data.Text(field);
                return Content(data, [field], [IsPage ? LabelStudioContent.Rendered(text) : text]);
        }

        ItemContent Content(JsonObject of, IReadOnlyCollection<string> fields, IEnumerable<string> texts) =>
            new(_content.Prompt(of, fields), [.. texts.Select(t => new Candidate(t))]) { ExternalId = name, Extras = extras };
    }

    private string[] Ids(LabelStudioTask task, string[] ranked) =>
        [.. _content.Listed(task.Data, ranked).Select(a => LabelStudioContent.Id(a)!).Where(ranked.Contains)];

    private static string[] Ranked(LabelStudioResult result)
    {
        if (result.Value["ranker"] is not JsonObject lists || lists.Count != 1 || lists.First().Value is not JsonArray best)
        {
            throw new DroppedRowException("sorted into buckets, of which the file does not say which is best");
        }
        return best.Count >= 2
            ? [.. best.Select(id => id is JsonValue value && value.TryGetValue<string>(out var text) ? text : id?.ToJsonString() ?? "")]
            : throw new DroppedRowException("fewer than two answers are ranked");
    }

    private static ComparisonJudgement Compared(JsonObject value) =>
        value.TextOrNull("selected") switch
        {
            "left" => new ComparisonJudgement(Pick.First),
            "right" => new ComparisonJudgement(Pick.Second),
            null => throw new DroppedRowException("nothing was chosen"),
            var other => throw new RowException("selected", $"found '{other}'; expected left or right"),
        };

    private Judgement Chosen(LabelStudioResult result, ImmutableArray<string> answers)
    {
        var name = (result.Value["choices"] as JsonArray)?.FirstOrDefault().AsText("choices") ?? "";
        if (AnswerNames.IsTie(name) && answers.Length == 2)
        {
            return new ComparisonJudgement(Pick.Tie);
        }
        return AnswerNames.Place(name, answers) switch
        {
            < 0 => throw new RowException("choices", $"found '{name}'; expected one of the fields {string.Join(", ", answers)}"),
            var place when Kind == ProjectKind.Comparison => new ComparisonJudgement(place == 0 ? Pick.First : Pick.Second),
            var place => new ChoiceJudgement(place),
        };
    }

    /// <summary>A rating, a number, or a choice that is spelt as a number.</summary>
    private static double Number(LabelStudioResult result)
    {
        var value = result.Value["rating"] ?? result.Value["number"] ?? (result.Value["choices"] as JsonArray)?.FirstOrDefault();
        var text = value is JsonValue said && said.TryGetValue<string>(out var spelt) ? spelt : value?.ToJsonString();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new RowException(result.From, $"found '{text}'; expected a number");
    }

    private bool IsPage { get; set; }

    private (string? Control, ProjectKind Kind) Choose(LabelStudioTask[] tasks, string path, string? asked)
    {
        var found = tasks
            .SelectMany(t => t.Annotations.SelectMany(a => a.Results.Select(r => (Task: t, Result: r))))
            .Where(r => asked is null || r.Result.From == asked)
            .DistinctBy(r => (r.Result.From, r.Result.Type))
            .Select(r => (r.Result.From, r.Result.Type, Kind: KindOf(r.Task, r.Result, asked is not null)))
            .Where(r => r.Kind is not null)
            .OrderBy(r => Order.IndexOf(r.Type))
            .ToArray();
        if (found.Length == 0 && asked is not null)
        {
            throw new DataException(
                $"{path}: what '{asked}' gave cannot be held; expected a comparison, ranking, rating, or marked parts."
            );
        }
        IsPage = found.Length > 0 && found[0].Type == "hypertextlabels";
        return found.Length > 0 ? (found[0].From, found[0].Kind!.Value) : (null, KindOfItems(tasks));
    }

    private static ProjectKind? KindOf(LabelStudioTask task, LabelStudioResult result, bool asked) =>
        result.Type switch
        {
            "pairwise" => ProjectKind.Comparison,
            "ranker" => ProjectKind.Ranking,
            "labels" or "hypertextlabels" or "paragraphlabels" => ProjectKind.Spans,
            "rating" or "number" => ProjectKind.Rating,
            "choices" when AnswerNames.Of(task.Data) is { Length: > 1 } answers && NamesAnswer(result, answers) => answers.Length == 2
                ? ProjectKind.Comparison
                : ProjectKind.BestOf,
            "choices" when asked => ProjectKind.Rating,
            _ => null,
        };

    private static bool NamesAnswer(LabelStudioResult result, ImmutableArray<string> answers) =>
        result.Value["choices"] is JsonArray { Count: 1 } list
        && list[0] is JsonValue value
        && value.TryGetValue<string>(out var name)
        && (AnswerNames.Place(name, answers) >= 0 || AnswerNames.IsTie(name));

    private static ProjectKind KindOfItems(LabelStudioTask[] tasks) =>
        tasks.Select(t => AnswerNames.Of(t.Data).Length).DefaultIfEmpty(0).Max() switch
        {
            2 => ProjectKind.Comparison,
            > 2 => ProjectKind.BestOf,
            _ => ProjectKind.Rating,
        };

    private OffsetUnit UnitOf(LabelStudioTask[] tasks)
    {
        var spans = tasks
            .SelectMany(t => t.Annotations.SelectMany(a => a.Results.Where(r => r.From == _control).Select(r => (t.Data, Result: r))))
            .Select(s => (Node: TextOrNull(s.Data, s.Result.To), s.Result.Value))
            .ToArray();
        return spans.Any(s => LabelStudioContent.Dialogue(s.Node) is not null)
            ? OffsetUnit.Utf16
            : LabelStudioSpans.UnitOf(
                spans
                    .Where(s => s.Node is JsonValue text && text.TryGetValue<string>(out _))
                    .Select(s => (s.Node!.GetValue<string>(), s.Value))
            );
    }

    private JsonNode? TextOrNull(JsonObject data, string? tag)
    {
        try
        {
            return data[_content.One(data, tag)];
        }
        catch (RowException)
        {
            // The task is left out when it is read.
            return null;
        }
    }

    private static bool IsTask(JsonObject row) => LabelStudioTask.IsWhole(row) || LabelStudioTask.IsFlat(row);
}
