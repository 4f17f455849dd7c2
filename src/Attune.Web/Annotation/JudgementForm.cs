using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Microsoft.Extensions.Primitives;

namespace Attune.Web.Annotation;

/// <summary>
/// Converts the fields of a task's form to a judgement. The page's script, its outbox and a browser without scripts all send the same
/// fields, and drafts contain them too. The store checks whether the judgement fits the task.
/// </summary>
public static class JudgementForm
{
    /// <summary>In the place of a level of strength: equally good, which is asked of clips alone.</summary>
    internal const string Tie = "tie";

    /// <exception cref="DataException">A field is missing or has a value that its control cannot send.</exception>
    public static Judgement Read(ProjectKind kind, IReadOnlyDictionary<string, StringValues> form)
    {
        var fields = new FormFields(form);
        Judgement judgement = kind switch
        {
            ProjectKind.Comparison when fields.Text("strength") == Tie => new ComparisonJudgement(Pick.Tie),
            ProjectKind.Comparison => ComparisonJudgement.OfStrength(
                fields.Number("strength") ?? throw Missing("one of the eight levels of strength")
            ),
            ProjectKind.Ranking => new RankingJudgement([
                .. fields.Numbered("rank").Select(f => f.Number ?? throw Missing("a rank for every answer")),
            ]),
            ProjectKind.BestOf => Best(fields),
            ProjectKind.Steps => new StepsJudgement(
                [.. fields.Numbered("step", fields.Number("steps") ?? 0).Select(f => f.Number)],
                Finish(fields),
                fields.Text("correction")
            ),
            ProjectKind.Spans => new SpansJudgement(Spans(fields), Absent(fields), fields.Text("corrected")),
            ProjectKind.Rating => new RatingJudgement(fields.Real("value") ?? throw Missing("a rating"), fields.Text("reason")),
            ProjectKind.Timed => throw Missing("times: an episode is judged while it is played"),
            _ => new ChatJudgement(Turns(fields), fields.Number("overall")),
        };
        return judgement with { Comment = fields.Text("comment") };
    }

    private static ChoiceJudgement Best(FormFields fields) =>
        fields.Text("best") switch
        {
            "none" => new ChoiceJudgement(null),
            null => throw Missing("the best answer, or that none is acceptable"),
            _ => new ChoiceJudgement(fields.Number("best")),
        };

    private static FinishReason Finish(FormFields fields) =>
        fields.Text("finish") switch
        {
            "solution" => FinishReason.Solution,
            "found_error" => FinishReason.FoundError,
            "bad_problem" => FinishReason.BadProblem,
            "give_up" => FinishReason.GiveUp,
            _ => throw Missing("an outcome: solution, found an error, give up or bad problem"),
        };

    private static ImmutableArray<AnswerSpan> Spans(FormFields fields)
    {
        try
        {
            return
                JsonSerializer.Deserialize<ImmutableArray<AnswerSpan>>(fields.Text("spans") ?? "[]", StoreJson.Options)
                    is { IsDefault: false } spans
                ? spans
                : [];
        }
        catch (JsonException)
        {
            throw new DataException("the field 'spans' is not a list of marks; expected [{\"start\": 0, \"end\": 4, \"type\": \"...\"}].");
        }
    }

    private static ImmutableArray<MissingInformation> Absent(FormFields fields) =>
        [
            .. fields
                .Names.Where(n => n.StartsWith("missing.", StringComparison.Ordinal) && n.AsSpan(8).IndexOf('.') < 0)
                .Order(StringComparer.Ordinal)
                .Where(n => fields.Text(n) is not null)
                .Select(n => new MissingInformation(
                    fields.Text(n)!,
                    fields.Number(n + ".passage"),
                    Sentences(fields.Text(n + ".sentences"))
                )),
        ];

    private static ImmutableArray<int> Sentences(string? list) =>
        [
            .. (list ?? "")
                .Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)
                .Select(n =>
                    int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                        ? number
                        : throw new DataException($"sentences are '{list}'; expected numbers with commas between, such as 0, 2.")
                ),
        ];

    private static ImmutableArray<TurnJudgement> Turns(FormFields fields) =>
        [
            .. fields
                .Numbered("strength")
                .Where(f => f.Number is not null)
                .Select(f => new TurnJudgement(
                    f.Index,
                    f.Number!.Value,
                    fields.Text($"comment.{f.Index.ToString(CultureInfo.InvariantCulture)}")
                )),
        ];

    private static DataException Missing(string what) => new($"the form lacks {what}.");
}
