using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Attune.Core.Feedback;

namespace Attune.Feedback.Labels;

/// <summary>
/// What a person said about one task, with answers named by their position, counted from 0. Where it is submitted, positions are those
/// shown; where it is stored, those of the item, and the order shown is stored beside it. <see cref="JudgementLabels"/> turns it into
/// the feedback that training reads.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ComparisonJudgement), "comparison")]
[JsonDerivedType(typeof(RankingJudgement), "ranking")]
[JsonDerivedType(typeof(ChoiceJudgement), "choice")]
[JsonDerivedType(typeof(StepsJudgement), "steps")]
[JsonDerivedType(typeof(SpansJudgement), "spans")]
[JsonDerivedType(typeof(RatingJudgement), "rating")]
[JsonDerivedType(typeof(ChatJudgement), "chat")]
[JsonDerivedType(typeof(TimedJudgement), "timed")]
public abstract record Judgement
{
    /// <summary>A free comment on the whole task.</summary>
    public string? Comment { get; init; }
}

/// <summary>Which of two answers is better.</summary>
public enum Pick
{
    First,
    Second,

    /// <summary>Equally good.</summary>
    Tie,

    /// <summary>Neither will do.</summary>
    BothBad,
}

/// <summary>Two answers compared.</summary>
/// <param name="Strength">1 strongly the first to 8 strongly the second (<see cref="Core.Feedback.Strength"/>); null where only the order
/// was asked.</param>
public sealed record ComparisonJudgement(Pick Pick, int? Strength = null) : Judgement
{
    /// <summary>
    /// Probability that the picked answer is better, where the source says it, such as the share of annotators who said so; null where it
    /// only says which.
    /// </summary>
    public double? Probability { get; init; }

    public static ComparisonJudgement OfStrength(int level, string? comment = null) =>
        new(Core.Feedback.Strength.PrefersFirst(level) ? Pick.First : Pick.Second, level) { Comment = comment };
}

/// <summary>All answers ordered.</summary>
/// <param name="Ranks">One rank an answer: 1 is best, equal ranks are ties.</param>
public sealed record RankingJudgement(ImmutableArray<int> Ranks) : Judgement
{
    public bool Equals(RankingJudgement? other) => other is not null && Comment == other.Comment && Ranks.SequenceEqual(other.Ranks);

    public override int GetHashCode() => Ranks.Length;
}

/// <summary>The best of several answers.</summary>
/// <param name="Best">Its position; null where none is acceptable.</param>
public sealed record ChoiceJudgement(int? Best) : Judgement;

/// <summary>Why the rating of steps ended (PRM800K's four reasons, Lightman et al. 2023).</summary>
public enum FinishReason
{
    /// <summary>All steps are right and the answer is reached.</summary>
    Solution,

    /// <summary>A step is wrong; those after it are not rated.</summary>
    FoundError,
    BadProblem,
    GiveUp,
}

/// <summary>Each step of a solution rated.</summary>
/// <param name="Ratings">1 right, 0 neutral, -1 wrong; null for steps not rated.</param>
/// <param name="Correction">What the annotator would have written instead of the first wrong step.</param>
public sealed record StepsJudgement(ImmutableArray<int?> Ratings, FinishReason Finish, string? Correction = null) : Judgement
{
    public bool Equals(StepsJudgement? other) =>
        other is not null
        && Comment == other.Comment
        && Finish == other.Finish
        && Correction == other.Correction
        && Ratings.SequenceEqual(other.Ratings);

    public override int GetHashCode() => HashCode.Combine(Ratings.Length, Finish);
}

/// <summary>Parts of the answer marked, what it lacks, and how it should read. Positions are Unicode code points.</summary>
public sealed record SpansJudgement(ImmutableArray<AnswerSpan> Spans, ImmutableArray<MissingInformation> Missing, string? Corrected = null)
    : Judgement
{
    public bool Equals(SpansJudgement? other) =>
        other is not null
        && Comment == other.Comment
        && Corrected == other.Corrected
        && Spans.SequenceEqual(other.Spans)
        && Missing.SequenceEqual(other.Missing);

    public override int GetHashCode() => HashCode.Combine(Spans.Length, Missing.Length);
}

/// <summary>One answer rated: on the project's scale, or by thumb.</summary>
/// <param name="Value">On the scale of the project; 1 and 0 for thumbs.</param>
public sealed record RatingJudgement(double Value, string? Reason = null) : Judgement;

/// <summary>An agent praised and scolded while it acted.</summary>
/// <param name="Rewards">In the order of time.</param>
public sealed record TimedJudgement(ImmutableArray<TimedReward> Rewards) : Judgement
{
    public bool Equals(TimedJudgement? other) => other is not null && Comment == other.Comment && Rewards.SequenceEqual(other.Rewards);

    public override int GetHashCode() => Rewards.Length;
}

/// <summary>One turn of a chat in which two replies were compared.</summary>
/// <param name="Turn">Counted from 0.</param>
public sealed record TurnJudgement(int Turn, int Strength, string? Comment = null);

/// <summary>A conversation with the model, judged at each turn and as a whole.</summary>
/// <param name="Overall">1 bad to 5 good; null where it was not asked.</param>
public sealed record ChatJudgement(ImmutableArray<TurnJudgement> Turns, int? Overall = null) : Judgement
{
    public bool Equals(ChatJudgement? other) =>
        other is not null && Comment == other.Comment && Overall == other.Overall && Turns.SequenceEqual(other.Turns);

    public override int GetHashCode() => HashCode.Combine(Turns.Length, Overall);
}
