using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// doccano's exports of spans and of classes of texts: a file for each person, whose name is the file's. A class is a span over the whole
/// text. An empty list of labels can mean that nothing was to be marked, or that nobody looked, so it is no label.
/// </summary>
internal sealed class Doccano : IExchangeFormat
{
    private static readonly ImmutableArray<string> Lists = ["label", "labels", "entities", "annotations"];

    public string Name => "doccano";
    public ImmutableArray<ProjectKind> Writes => [];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Spans;

    public bool Fits(JsonObject row) =>
        (row["text"] ?? row["data"]) is JsonValue
        && Lists.Any(row.ContainsKey)
        && (row.ContainsKey("Comments") || row.ContainsKey("comments") || row.ContainsKey("entities") || HasSpans(row));

    public ILabelFile Open(ImmutableArray<JsonObject> rows, string path, ImportOptions options) => new File(rows, path, options);

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context) => Open([row], "", new ImportOptions()).Read(row, context);

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context) => [];

    private static bool HasSpans(JsonObject row) =>
        Lists
            .Select(l => row[l] as JsonArray)
            .Any(list =>
                list is { Count: > 0 }
                && list.All(e =>
                    e is JsonArray { Count: 3 } or JsonObject && (e is JsonArray || ((JsonObject)e!).ContainsKey("start_offset"))
                )
            );

    private sealed class File : ILabelFile
    {
        private const string All = "all";
        private readonly OffsetUnit _unit;
        private readonly string? _annotator;
        private readonly HashSet<string> _alone;
        private readonly List<string> _notes = [];

        public File(ImmutableArray<JsonObject> rows, string path, ImportOptions options)
        {
            _unit = options.Offsets ?? OffsetUnit.Utf16;
            _annotator = options.Annotator ?? AnnotatorIn(path);
            _alone = [.. rows.Select(r => r["label"]).OfType<JsonValue>().Select(v => v.AsText("label")).Where(l => !l.Contains('#'))];
            if (options.Annotator is null && _annotator is not null)
            {
                _notes.Add($"the annotator is '{_annotator}', by the file's name");
            }
            if (rows.Any(HasSpans))
            {
                _notes.Add($"offsets count {TextOffsets.Name(_unit)}: the file does not tell, and projects can count otherwise");
            }
        }

        public ProjectKind Kind => ProjectKind.Spans;

        public ImmutableArray<string> Notes => [.. _notes];

        public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
        {
            var text = row.Text(row.ContainsKey("text") ? "text" : "data");
            var content = new ItemContent(new Prompt.Text(""), [new Candidate(text)])
            {
                ExternalId = row["id"] is JsonValue id ? id.ToString() : null,
                Extras = RowFrame.Keep("doccano", new JsonObject(row.Where(f => !Lists.Contains(f.Key) && f.Key != "text").Select(Copy))),
            };
            AnswerSpan[] spans = [.. Spans(row, text)];
            if (spans.Length == 0)
            {
                context.LeftOut.Add("no label, which can mean that the text was not looked at");
                return [new ReadRow(content, null)];
            }
            var source = content.ExternalId is null || _annotator is null ? null : $"doccano:{content.ExternalId}/{_annotator}";
            var label = new ExistingLabel(_annotator, new SpansJudgement([.. spans], []))
            {
                Source = source is null ? null : new LabelSource(source, IsId: true),
            };
            return [new ReadRow(content, label)];
        }

        private static KeyValuePair<string, JsonNode?> Copy(KeyValuePair<string, JsonNode?> field) =>
            KeyValuePair.Create(field.Key, field.Value?.DeepClone());

        private IEnumerable<AnswerSpan> Spans(JsonObject row, string text)
        {
            var field = Lists.FirstOrDefault(l => row[l] is JsonArray { Count: > 0 }) ?? Lists.FirstOrDefault(l => row[l] is not null);
            var whole = CodePoints.Count(text);
            return field is null ? []
                : row[field] is JsonArray list ? list.Select(e => Span(e, text, field))
                : Classes(row.Text(field)).Select(c => new AnswerSpan(0, whole, c));
        }

        private AnswerSpan Span(JsonNode? entry, string text, string field)
        {
            var (start, end, name) = entry switch
            {
                JsonArray { Count: 3 } triple => (triple[0], triple[1], triple[2]),
                JsonObject named => (named["start_offset"], named["end_offset"], named["label"]),
                _ => (null, null, entry),
            };
            if (start is null)
            {
                return new AnswerSpan(0, CodePoints.Count(text), name is JsonValue ? name.ToString() : name.AsText(field));
            }
            var part = TextOffsets.Part(text, start.Whole(field), end.Whole(field), _unit, field);
            return new AnswerSpan(part.Start, part.End, name.AsText(field));
        }

        /// <summary>
        /// The classes in a cell of a table, which joins them by #. A class may hold one too, so a cell is divided only where one of its
        /// parts stands alone in another row.
        /// </summary>
        private string[] Classes(string cell)
        {
            var parts = cell.Split('#');
            if (parts.Length == 1 || parts.Any(_alone.Contains))
            {
                return parts;
            }
            _notes.Add($"'{cell}' is taken for one label: none of its parts stands alone in the file");
            return [cell];
        }

        /// <summary>doccano names the files in its archive after their people, and "all" where people share annotations.</summary>
        private static string? AnnotatorIn(string path)
        {
            var name = System.IO.Path.GetFileName(path);
            foreach (var ending in new[] { ".gz", ".zst", ".jsonl", ".json", ".csv" })
            {
                name = name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) ? name[..^ending.Length] : name;
            }
            var last = name[(name.LastIndexOf('.') + 1)..];
            return last.Length == 0 || last == All ? null : last;
        }
    }
}
