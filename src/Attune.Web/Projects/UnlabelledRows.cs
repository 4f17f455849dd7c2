using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Attune.Core;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Web.Projects;

/// <summary>
/// Rows without judgements: <c>{"prompt": ..., "answers": [...]}</c>, or <c>"completions"</c> for the steps of a solution; with an
/// optional <c>"id"</c>, and <c>"passages"</c> that an answer should rest on. A row whose right judgement is known is gold:
/// <c>"expected"</c> is the level 1 to 8 of a comparison, the ranks, the position of the best answer, the rating, the ratings of the
/// steps, or a judgement in the API's format; <c>"gold"</c> can be attention or screening. Other fields are kept with the item.
/// </summary>
internal sealed class UnlabelledRows(ProjectKind kind, RowProblems problems)
{
    private readonly string _list = ListOf(kind);
    private readonly SortedDictionary<string, int> _kept = new(StringComparer.Ordinal);

    private string[] Known => ["prompt", _list, "id", "passages", "expected", "gold"];

    public static string Expected(ProjectKind kind) =>
        kind switch
        {
            ProjectKind.Chat => "\"prompt\"",
            ProjectKind.Steps => "\"prompt\" and \"completions\"",
            ProjectKind.Spans or ProjectKind.Rating => "\"prompt\" and \"completion\"",
            ProjectKind.Comparison => "\"prompt\" and \"answers\", or \"chosen\" and \"rejected\"",
            _ => "\"prompt\" and \"answers\"",
        };

    /// <summary>Null if the first row has judgements or is of another kind; such files are read as data sets.</summary>
    /// <exception cref="DataException">A row is not as expected; nothing of the file is taken.</exception>
    public static UploadedItems? TryRead(string path, ProjectKind kind)
    {
        var problems = new RowProblems(path);
        var rows = RowSource.Read(path, problems).Rows;
        // Of what is wrong with a file the reader of data sets gives a better message.
        if (problems.Any || rows.Count == 0 || !IsBare(rows[0], ListOf(kind)))
        {
            return null;
        }

        var reader = new UnlabelledRows(kind, problems);
        NewItem[] items = [.. rows.Select(reader.Read).OfType<NewItem>()];
        problems.Throw();
        return new UploadedItems([.. items], [], reader.Notes(rows.Count));
    }

    private static string ListOf(ProjectKind kind) => kind == ProjectKind.Steps ? "completions" : "answers";

    private static bool IsBare(JsonRow row, string list) =>
        new RowFields(row.Fields, texts: row.Origin.Texts) is var fields
        && fields.Has(list)
        && fields.List(list) is var _
        && !fields.Failed
        && !fields.Has("best")
        && !fields.Has("ranks")
        && !fields.Has("labels");

    private ImmutableArray<string> Notes(int rows)
    {
        var fields = _kept.Select(f => f.Value == rows ? f.Key : $"{f.Key} (in {f.Value} of {rows} rows)");
        return _kept.Count == 0 ? [] : [$"kept with the items: {string.Join(", ", fields)}"];
    }

    /// <summary>Null where the row has an error.</summary>
    private NewItem? Read(JsonRow row)
    {
        var fields = new RowFields(row.Fields, (field, problem) => problems.Add(row, field, problem), row.Origin.Texts);
        var prompt = PromptField.Read(fields);
        ImmutableArray<string> answers = [.. fields.List(_list).Select((a, i) => Answer(fields, a, $"{_list}[{i}]"))];
        var kept = Others(fields);
        if (fields.DropReason is { } reason)
        {
            problems.Add(row, null, $"{reason}; expected {Expected(kind)}.");
        }
        if (fields.Failed || fields.DropReason is not null)
        {
            return null;
        }
        var content = new ItemContent(
            prompt,
            kind == ProjectKind.Steps ? [Candidate.OfSteps(answers)] : [.. answers.Select(a => new Candidate(a))]
        )
        {
            ExternalId = fields.Has("id") ? fields.Get("id").ToString() : null,
            Passages = Part<ImmutableArray<ImmutableArray<string>>?>(row, fields, "passages", "a list of lists of texts") ?? [],
            Extras = kept.Count == 0 ? null : new JsonObject { ["format"] = "items", ["frame"] = kept },
        };
        return fields.Has("expected")
            ? new NewItem(content)
            {
                Expected = Expectation(row, fields),
                GoldKind = Part<GoldKind?>(row, fields, "gold", "gold, attention or screening") ?? GoldKind.Gold,
            }
            : new NewItem(content);
    }

    /// <summary>A text, the assistant's message, or a list of that one message.</summary>
    private static string Answer(RowFields fields, JsonElement answer, string field)
    {
        var message = answer.ValueKind == JsonValueKind.Array && answer.GetArrayLength() == 1 ? answer[0] : answer;
        return message.ValueKind == JsonValueKind.Object
            && (message.TryGetProperty("content", out var content) || message.TryGetProperty("text", out content))
                ? fields.Text(content, field)
            : answer.ValueKind == JsonValueKind.Array ? Refuse(fields, field, answer.GetArrayLength())
            : fields.Text(answer, field);
    }

    private static string Refuse(RowFields fields, string field, int messages)
    {
        fields.Fail(field, $"found a list of {messages}; expected a text, or the assistant's one message.");
        return "";
    }

    /// <summary>
    /// The fields that are not read. One that nearly has the name of a missing one is an error: it would pass in silence.
    /// </summary>
    private JsonObject Others(RowFields fields)
    {
        var kept = new JsonObject();
        foreach (var name in fields.Names.Where(n => !Known.Contains(n)))
        {
            if (Known.FirstOrDefault(k => !fields.Has(k) && IsNear(name, k)) is { } meant && (meant != "gold" || fields.Has("expected")))
            {
                fields.Fail(name, $"not a field of items. Did you mean '{meant}', which is missing?");
            }
            kept[name] = JsonNode.Parse(fields.Get(name).GetRawText());
            _kept[name] = _kept.GetValueOrDefault(name) + 1;
        }

        return kept;
    }

    private static bool IsNear(string name, string known) =>
        known.Length >= 4 && name.Length >= 4 && Suggestion.Distance(name, known) <= (known.Length >= 7 ? 2 : 1);

    private T? Part<T>(JsonRow row, RowFields fields, string field, string expected)
    {
        if (!fields.Has(field))
        {
            return default;
        }
        try
        {
            return fields.Get(field).Deserialize<T>(StoreJson.Options);
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException or InvalidOperationException)
        {
            problems.Add(row, field, $"found {Short(fields.Get(field))}; expected {expected}.");
            return default;
        }
    }

    private Judgement? Expectation(JsonRow row, RowFields fields)
    {
        var expected = fields.Get("expected");
        try
        {
            return (kind, expected.ValueKind) switch
            {
                (ProjectKind.Comparison, JsonValueKind.Number) => ComparisonJudgement.OfStrength(expected.GetInt32()),
                (ProjectKind.Ranking, JsonValueKind.Array) => new RankingJudgement([
                    .. expected.EnumerateArray().Select(r => r.GetInt32()),
                ]),
                (ProjectKind.BestOf, JsonValueKind.Number) => new ChoiceJudgement(expected.GetInt32()),
                (ProjectKind.Rating, JsonValueKind.Number) => new RatingJudgement(expected.GetDouble()),
                (ProjectKind.Steps, JsonValueKind.Array) => Steps([.. expected.EnumerateArray().Select(r => (int?)r.GetInt32())]),
                _ => expected.Deserialize<Judgement>(StoreJson.Options),
            };
        }
        catch (Exception problem)
            when (problem is JsonException or FormatException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            problems.Add(row, "expected", $"found {Short(expected)}; expected the right judgement of a project of kind {kind}.");
            return null;
        }
    }

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "..." : value.GetRawText();

    private static StepsJudgement Steps(ImmutableArray<int?> ratings) =>
        new(ratings, ratings.Contains(-1) ? FinishReason.FoundError : FinishReason.Solution);
}
