using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Sources;
using Attune.Feedback.Labels;

namespace Attune.Feedback.Formats;

/// <summary>
/// potato's exports and the states that its server keeps. They hold no texts, so the project's data file is needed beside them. Of its
/// questions one is taken: the one that was asked for, else one that names an answer, else the spans, else a scale. Every click is stored,
/// and nothing says whether a person had finished.
/// </summary>
internal sealed class Potato : IExchangeFormat
{
    public string Name => "potato";
    public ImmutableArray<ProjectKind> Writes => [];

    public ProjectKind KindOf(JsonObject row) => ProjectKind.Spans;

    public bool Fits(JsonObject row) => PotatoAnnotations.Fits(row);

    public ILabelFile Open(ImmutableArray<JsonObject> rows, string path, ImportOptions options) => new File(rows, path, options);

    public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context) => Open([row], "", new ImportOptions()).Read(row, context);

    public IEnumerable<JsonObject> Write(IReadOnlyList<OutLabel> labels, FormatContext context) => [];

    private sealed class File : ILabelFile
    {
        private static readonly ImmutableArray<string> Ids = ["id", "instance_id", "item_id", "guid"];
        private readonly Dictionary<string, JsonObject> _items;
        private readonly string? _question;
        private readonly OffsetUnit _unit;

        public File(ImmutableArray<JsonObject> rows, string path, ImportOptions options)
        {
            _items = Items(path, options.Items);
            _unit = options.Offsets ?? OffsetUnit.CodePoints;
            PotatoAnnotation[] all = [.. rows.Where(PotatoAnnotations.Fits).SelectMany(PotatoAnnotations.Of)];
            var questions = all.SelectMany(a => a.Labels.Concat(a.Spans).Select(q => q.Key)).Distinct().ToArray();
            if (options.Question is { } asked && !questions.Contains(asked))
            {
                throw new DataException(
                    $"{path}: nobody answered a question '{asked}'.{Suggestion.For(asked, questions)} Questions: "
                        + $"{string.Join(", ", questions)}."
                );
            }
            var usable = questions
                .Where(q => options.Question is null || q == options.Question)
                .Select(q => (Question: q, Kind: KindOf(all, q)))
                .Where(q => q.Kind is not null)
                .OrderBy(q =>
                    q.Kind == ProjectKind.Rating ? 2
                    : q.Kind == ProjectKind.Spans ? 1
                    : 0
                )
                .ToArray();
            if (usable.Length == 0)
            {
                throw new DataException(
                    $"{path}: none of the questions {string.Join(", ", options.Question is { } only ? [only] : questions)} names "
                        + "answers of the data file, marks parts of its text, or rates it."
                );
            }
            (_question, Kind) = (usable[0].Question, usable[0].Kind!.Value);
            Notes =
            [
                "potato stores every click and does not say who had finished",
                .. questions.Length > 1
                    ? [$"labels are the answers to '{_question}'; not taken: {string.Join(", ", questions.Where(q => q != _question))}"]
                    : Array.Empty<string>(),
            ];
        }

        public ProjectKind Kind { get; }

        public ImmutableArray<string> Notes { get; }

        public IEnumerable<ReadRow> Read(JsonObject row, FormatContext context)
        {
            foreach (var annotation in PotatoAnnotations.Of(row))
            {
                var data = _items.GetValueOrDefault(annotation.Item) ?? throw new RowException("instance_id", "is not in the data file");
                var answers = Kind is ProjectKind.Spans or ProjectKind.Rating ? AnswerNames.Of(data)[..1] : AnswerNames.Of(data);
                var prompt = AnswerNames.Prompt(data, answers);
                var content = new ItemContent(
                    prompt is null ? new Prompt.Text("") : Conversations.Prompt(data[prompt], prompt),
                    [.. answers.Select(a => new Candidate(data.Text(a)))]
                )
                {
                    ExternalId = annotation.Item,
                };
                if (Judge(annotation, content, answers) is not { } judgement)
                {
                    context.LeftOut.Add($"no answer to '{_question}'");
                    yield return new ReadRow(content, null);
                    continue;
                }
                var source = annotation.Person is null
                    ? null
                    : new LabelSource($"potato:{annotation.Item}/{_question}/{annotation.Person}", true);
                yield return new ReadRow(content, new ExistingLabel(annotation.Person, judgement) { Source = source });
            }
        }

        private Judgement? Judge(PotatoAnnotation annotation, ItemContent content, ImmutableArray<string> answers)
        {
            if (Kind == ProjectKind.Spans)
            {
                var spans = annotation.Spans[_question!] as JsonArray ?? [];
                return new SpansJudgement([.. spans.Select(s => Span(s!.AsObject(), content.Candidates[0].Text))], []);
            }
            if (annotation.Labels[_question!] is not JsonObject { Count: 1 } said)
            {
                return null;
            }
            var name = said.First().Key;
            if (Kind == ProjectKind.Rating)
            {
                return new RatingJudgement(
                    Number(said) ?? throw new RowException(_question!, $"found '{said.First().Value}'; expected a number")
                );
            }
            return AnswerNames.IsTie(name) ? new ComparisonJudgement(Pick.Tie)
                : AnswerNames.Place(name, answers) is >= 0 and var place
                    ? Kind == ProjectKind.Comparison ? new ComparisonJudgement(place == 0 ? Pick.First : Pick.Second)
                        : new ChoiceJudgement(place)
                : throw new RowException(_question!, $"found '{name}'; expected one of the fields {string.Join(", ", answers)}");
        }

        private AnswerSpan Span(JsonObject span, string text)
        {
            var (start, end) = (span["start"].Whole("start"), span["end"].Whole("end"));
            var part = TextOffsets.Part(text, start, end, _unit, "start");
            if (span.TextOrNull("text") is { } covered && CodePoints.Slice(text, part.Start, part.End) != covered)
            {
                throw new RowException("start", $"covers another text than '{covered}'; if positions count otherwise, choose their unit");
            }
            return new AnswerSpan(part.Start, part.End, span.Text("name"));
        }

        private static double? Number(JsonObject said) =>
            double.TryParse(said.First().Value?.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;

        private ProjectKind? KindOf(PotatoAnnotation[] all, string question)
        {
            if (all.Any(a => a.Spans.ContainsKey(question)))
            {
                return ProjectKind.Spans;
            }
            var said = all.Select(a => (a.Item, Said: a.Labels[question] as JsonObject)).Where(s => s.Said is { Count: 1 }).ToArray();
            if (said.Length == 0)
            {
                return null;
            }
            var answers = _items.TryGetValue(said[0].Item, out var data) ? AnswerNames.Of(data) : [];
            return
                answers.Length > 1
                && said.All(s => AnswerNames.IsTie(s.Said!.First().Key) || AnswerNames.Place(s.Said!.First().Key, answers) >= 0)
                ? answers.Length == 2
                    ? ProjectKind.Comparison
                    : ProjectKind.BestOf
                : said.All(s => Number(s.Said!) is not null)
                    ? ProjectKind.Rating
                    : null;
        }

        private static Dictionary<string, JsonObject> Items(string path, string? file)
        {
            if (file is null)
            {
                throw new DataException(
                    $"{path}: potato's files hold labels without texts; give the project's data file too, whose rows have an id "
                        + "and a text (items)."
                );
            }
            var problems = new RowProblems(file);
            var rows = RowSource.Read(file, problems).Rows;
            problems.Throw();
            var items = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
            foreach (var row in rows.Select(r => JsonObject.Create(r.Fields)!))
            {
                if (Ids.Select(i => row[i]).FirstOrDefault(i => i is JsonValue) is { } id)
                {
                    items[id.ToString()] = row;
                }
            }
            return items;
        }
    }
}
