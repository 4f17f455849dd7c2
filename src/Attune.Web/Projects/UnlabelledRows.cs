using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Data.Formats;
using Attune.Data.Sources;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;

namespace Attune.Web.Projects;

/// <summary>
/// Rows without judgements: <c>{"prompt": ..., "answers": [...]}</c>, or <c>"completions"</c> for the steps of a solution; with an
/// optional
/// <c>"id"</c>, and <c>"passages"</c> that an answer should rest on. A row whose right judgement is known is gold: <c>"expected"</c> is the
/// level 1 to 8 of a comparison, the ranks, the position of the best answer, the rating, the ratings of the steps, or a judgement in the
/// API's format; <c>"gold"</c> can be attention or screening.
/// </summary>
internal static class UnlabelledRows
{
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
    public static ImmutableArray<NewItem>? TryRead(string path, ProjectKind kind)
    {
        var list = kind == ProjectKind.Steps ? "completions" : "answers";
        var problems = new RowProblems(path);
        var rows = RowSource.Read(path, problems).Rows;
        // Of what is wrong with a file the reader of data sets gives a better message.
        if (problems.Any || rows.Count == 0 || !IsBare(rows[0], list))
        {
            return null;
        }

        var items = ImmutableArray.CreateBuilder<NewItem>();
        foreach (var row in rows)
        {
            try
            {
                items.Add(Read(row, kind, list));
            }
            catch (Exception problem)
                when (problem
                        is JsonException
                            or KeyNotFoundException
                            or InvalidOperationException
                            or FormatException
                            or NotSupportedException
                            or ArgumentException
                )
            {
                throw new DataException(
                    $"{Path.GetFileName(path)}, {row.Origin.Unit} {row.Number}: not a row with {Expected(kind)}. Correct it; nothing was "
                        + "added."
                );
            }
        }

        return items.ToImmutable();
    }

    private static bool IsBare(JsonRow row, string list) =>
        AnswersOf(row, list) is not null
        && !row.Fields.TryGetProperty("best", out _)
        && !row.Fields.TryGetProperty("ranks", out _)
        && !row.Fields.TryGetProperty("labels", out _);

    /// <summary>The texts in a list, also where a table of texts spells it; null where there is no such list.</summary>
    private static ImmutableArray<string>? AnswersOf(JsonRow row, string list)
    {
        var fields = new RowFields(row.Fields, texts: row.Origin.Texts);
        var answers = fields.Texts(list);
        return fields.Failed || fields.DropReason is not null ? null : answers;
    }

    private static NewItem Read(JsonRow read, ProjectKind kind, string list)
    {
        var row = read.Fields;
        var prompt = row.GetProperty("prompt").Deserialize<Prompt>(StoreJson.Options)!;
        var answers = AnswersOf(read, list) ?? throw new JsonException(list);
        var content = new ItemContent(
            prompt,
            kind == ProjectKind.Steps ? [Candidate.OfSteps(answers)] : [.. answers.Select(a => new Candidate(a))]
        )
        {
            ExternalId = row.TryGetProperty("id", out var id) ? id.ToString() : null,
            Passages = row.TryGetProperty("passages", out var passages)
                ? passages.Deserialize<ImmutableArray<ImmutableArray<string>>>(StoreJson.Options)
                : [],
        };
        return row.TryGetProperty("expected", out var expected)
            ? new NewItem(content)
            {
                Expected = Expectation(expected, kind),
                GoldKind = row.TryGetProperty("gold", out var gold) ? gold.Deserialize<GoldKind>(StoreJson.Options) : GoldKind.Gold,
            }
            : new NewItem(content);
    }

    private static Judgement Expectation(JsonElement expected, ProjectKind kind) =>
        (kind, expected.ValueKind) switch
        {
            (ProjectKind.Comparison, JsonValueKind.Number) => ComparisonJudgement.OfStrength(expected.GetInt32()),
            (ProjectKind.Ranking, JsonValueKind.Array) => new RankingJudgement([.. expected.EnumerateArray().Select(r => r.GetInt32())]),
            (ProjectKind.BestOf, JsonValueKind.Number) => new ChoiceJudgement(expected.GetInt32()),
            (ProjectKind.Rating, JsonValueKind.Number) => new RatingJudgement(expected.GetDouble()),
            (ProjectKind.Steps, JsonValueKind.Array) => Steps([.. expected.EnumerateArray().Select(r => (int?)r.GetInt32())]),
            _ => expected.Deserialize<Judgement>(StoreJson.Options) ?? throw new JsonException("null"),
        };

    private static StepsJudgement Steps(ImmutableArray<int?> ratings) =>
        new(ratings, ratings.Contains(-1) ? FinishReason.FoundError : FinishReason.Solution);
}
