using Attune.Core;
using Attune.Feedback.Exchange;
using Attune.Feedback.Labels;

namespace Attune.Audit.Judgements;

/// <summary>Questions that people passed on.</summary>
/// <param name="Asked">Questions put to a person, answered or not.</param>
/// <param name="Neither">Answered with "neither will do".</param>
public sealed record Passed(int Asked, int Skipped, int Flagged, int Neither)
{
    public int All => Skipped + Flagged + Neither;
}

/// <summary>Judgements with where they come from.</summary>
/// <param name="Passed">Null where the source keeps answers alone.</param>
public sealed record JudgedSource(string Name, IReadOnlyList<PairJudgement> Judgements, Passed? Passed = null)
{
    /// <summary>A file of labels in any format that <c>attune feedback import</c> reads, or a snapshot's folder.</summary>
    /// <exception cref="DataException">It cannot be read or holds nothing that compares answers.</exception>
    public static JudgedSource OfFile(string path) =>
        new JudgedSource(Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), PairJudgement.Read(path)).Required(path);

    /// <summary>A project of a feedback store.</summary>
    /// <exception cref="DataException">Nobody has compared answers there.</exception>
    public static JudgedSource OfProject(string project, MadeJudgements made)
    {
        var neither = made.Judgements.Count(m =>
            m.Judgement is ComparisonJudgement { Pick: Pick.BothBad } or ChoiceJudgement { Best: null }
        );
        var passed = new Passed(made.Judgements.Length + made.Skipped + made.Flagged, made.Skipped, made.Flagged, neither);
        return new JudgedSource(project, [.. made.Judgements.SelectMany(PairJudgement.Of)], passed).Required($"project '{project}'");
    }

    private JudgedSource Required(string path) =>
        Judgements.Count > 0
            ? this
            : throw new DataException(
                $"{path} holds no comparison of answers. Expected comparisons, rankings or choices; verdicts and ratings cannot be audited."
            );
}
