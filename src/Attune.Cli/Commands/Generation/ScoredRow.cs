using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Formats;

namespace Attune.Cli.Commands.Generation;

/// <summary>A row whose answers are scored.</summary>
/// <param name="Pairs">Which answers a person found better than which.</param>
/// <param name="With">The row's fields and the scores of its answers.</param>
internal sealed record ScoredRow(
    Prompt Prompt,
    ImmutableArray<string> Answers,
    CutAnswers Cut,
    ImmutableArray<(int Better, int Worse)> Pairs,
    Func<double[], JsonObject> With
)
{
    /// <exception cref="ArgumentException">The record holds no answers.</exception>
    public static ScoredRow Of(object row) =>
        row switch
        {
            Preference pair => new(
                pair.Prompt,
                [pair.Chosen, pair.Rejected],
                pair.Cut,
                [(0, 1)],
                scores => Add(Add(DatasetFile.Fields(pair), "score_chosen", scores[0]), "score_rejected", scores[1])
            ),
            Choice choice => new(
                choice.Prompt,
                choice.Answers,
                choice.Cut,
                [.. Enumerable.Range(0, choice.Answers.Length).Where(i => i != choice.Best).Select(i => (choice.Best, i))],
                scores => Add(DatasetFile.Fields(choice), scores)
            ),
            Ranking ranking => new(
                ranking.Prompt,
                ranking.Answers,
                ranking.Cut,
                [.. Ordered(ranking.Ranks)],
                scores => Add(DatasetFile.Fields(ranking), scores)
            ),
            Verdict verdict => Single(verdict, verdict.Answer, DatasetFile.Fields(verdict)),
            Rating rating => Single(rating, rating.Answer, DatasetFile.Fields(rating)),
            Demonstration demonstration => Single(demonstration, demonstration.Answer, DatasetFile.Fields(demonstration)),
            _ => throw new ArgumentException($"{row.GetType().Name} holds no answers.", nameof(row)),
        };

    private static ScoredRow Single(Label label, string answer, JsonObject fields) =>
        new(label.Prompt, [answer], label.Cut, [], scores => Add(fields, "score", scores[0]));

    private static IEnumerable<(int Better, int Worse)> Ordered(ImmutableArray<int> ranks) =>
        from better in Enumerable.Range(0, ranks.Length)
        from worse in Enumerable.Range(0, ranks.Length)
        where ranks[better] < ranks[worse]
        select (better, worse);

    private static JsonObject Add(JsonObject fields, string name, double score)
    {
        fields[name] = score;
        return fields;
    }

    private static JsonObject Add(JsonObject fields, double[] scores)
    {
        fields["scores"] = new JsonArray([.. scores.Select(s => (JsonNode)s)]);
        return fields;
    }
}
