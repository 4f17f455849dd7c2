using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Data.Encoding;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>1 for an answer that agrees with a column of the prompt's row.</summary>
[Reward("match", "1 where the answer agrees with a column of the prompt's row, else 0")]
public sealed record MatchTerm : RewardTerm
{
    [Description("column of the prompts' file that holds the right answer")]
    public required string Match { get; init; }

    [Description(
        "what to compare: whole, boxed (the last \\boxed{}), gsm8k (after the last ####), last-number, or group (of regex); the column is "
            + "read the same way where it has such a part"
    )]
    public AnswerPart Extract { get; init; } = AnswerPart.Whole;

    [Description("how to compare: exact (the same text, apart from white space around it) or numeric")]
    public AnswerComparison Compare { get; init; } = AnswerComparison.Exact;

    [Description("numeric only: largest difference that still agrees, relative to the right number, absolute below 1")]
    [Range(0, 1)]
    public double Tolerance { get; init; } = 1e-6;

    [Description("group only: regular expression whose first group is the answer; the last match counts")]
    public string? Regex { get; init; }

    public override IEnumerable<string> Missing(RewardPlan plan)
    {
        if ((Extract == AnswerPart.Group) != Regex is not null)
        {
            yield return Regex is null
                ? $"{plan.Stage}.reward.regex is missing, which extract: group needs."
                : $"{plan.Stage}.reward.regex is given, but extract is not group. Leave one of them out.";
        }
        else if (Regex is not null && Problem(Regex) is { } problem)
        {
            yield return $"{plan.Stage}.reward.regex '{Regex}' is not a regular expression that can be used: {problem}";
        }
    }

    public override IReward Build(RewardContext context)
    {
        var parts = new AnswerParts(Extract, Regex is null ? null : Expression(Regex));
        return new ColumnReward("match", context.Encoder, read => Agrees(parts, read) ? 1 : 0);
    }

    /// <summary>
    /// What an answer comes to, for votes: the part that is compared, equal where it is the same number; null where it has none.
    /// </summary>
    /// <param name="encoder">The policy's.</param>
    public string? ResultOf(Rollout rollout, Encoder encoder)
    {
        var parts = new AnswerParts(Extract, Regex is null ? null : Expression(Regex));
        var found = parts.Of(ReadAnswer.Of(rollout, encoder).Answer)?.Trim();
        return Compare == AnswerComparison.Exact
            ? found
            : (found is null ? null : AnswerParts.Number(found))?.ToString(CultureInfo.InvariantCulture);
    }

    private bool Agrees(AnswerParts parts, ReadAnswer read)
    {
        var right = Column(read);
        return parts.Of(read.Answer) is { } found
            && (parts.Of(right) ?? right) is var wanted
            && (Compare == AnswerComparison.Exact ? found.Trim() == wanted.Trim() : Near(found, wanted));
    }

    private bool Near(string found, string wanted)
    {
        var right =
            AnswerParts.Number(wanted)
            ?? throw new DataException(
                $"reward match: column '{Match}' holds '{wanted}', which is no number; compare: numeric expects one."
            );
        return AnswerParts.Number(found) is { } number && Math.Abs(number - right) <= Tolerance * Math.Max(1, Math.Abs(right));
    }

    /// <exception cref="DataException">The row has no such column, or it is neither a text nor a number.</exception>
    private string Column(ReadAnswer read) =>
        read.Columns.TryGetValue(Match, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? value.ToString()
            : throw new DataException(
                $"reward match: the row of the prompt '{Shorten(read.Prompt.Key)}' has no text or number in the column '{Match}'; "
                    + $"its columns are {(read.Columns.Count == 0 ? "none" : string.Join(", ", read.Columns.Keys))}."
            );

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "...";

    private static string? Problem(string pattern)
    {
        try
        {
            return Expression(pattern).GetGroupNumbers().Length > 1 ? null : "it has no group, such as (\\d+).";
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            return problem.Message;
        }
    }

    // Linear time for every pattern: model output must not be able to hang a run.
    private static Regex Expression(string pattern) => new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}
