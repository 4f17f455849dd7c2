using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Reward;

/// <summary>The group of options that says how a reward model reads comparisons of answers.</summary>
public sealed record ComparisonOptions : IValidatableObject
{
    [Description("weight of the squared sum of the rewards of each two answers compared, which keeps rewards near 0; 0 for none")]
    [Range(0, 1000)]
    public double CenterRewardsCoefficient { get; init; }

    [Description("pairs and rankings only: share of the labels taken to be wrong (label smoothing)")]
    [Range(0, 0.499)]
    public double LabelSmoothing { get; init; }

    [Description("pairs and rankings only: share of the judgements taken to be made by chance, whatever the answers")]
    [Range(0, 0.99)]
    public double RandomJudgements { get; init; }

    [Description("pairs only: multiplies the margins of the data; 0 ignores them")]
    [Range(0, 1000)]
    public double MarginScale { get; init; } = 1;

    [Description("rankings only: margin for each rank between two answers")]
    [Range(0, 1000)]
    public double RankMargin { get; init; }

    [Description(
        "pairs and rankings only: what ties say: nothing in rankings and both halves in pairs (ignore), or a third outcome whose strength "
            + "is learned (davidson or rao-kupper)"
    )]
    public TieModel Ties { get; init; } = TieModel.Ignore;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RandomJudgements > 0 && Ties != TieModel.Ignore)
        {
            var ties = Ties == TieModel.Davidson ? "davidson" : "rao-kupper";
            yield return new ValidationResult(
                $"random_judgements is {RandomJudgements} and ties is {ties}: judgements by chance are modelled for two outcomes. "
                    + "Expected only one of the two.",
                [nameof(RandomJudgements), nameof(Ties)]
            );
        }
    }

    /// <summary>What is set here and means nothing to a loss, each the name of an option.</summary>
    public IEnumerable<string> Unused(RewardLoss loss)
    {
        var (pairs, rankings) = (loss == RewardLoss.BradleyTerry, loss == RewardLoss.Ranking);
        return new (string Name, bool Set, bool Used)[]
        {
            ("center_rewards_coefficient", CenterRewardsCoefficient > 0, loss is not (RewardLoss.Classification or RewardLoss.Regression)),
            ("label_smoothing", LabelSmoothing > 0, pairs || rankings),
            ("random_judgements", RandomJudgements > 0, pairs || rankings),
            ("margin_scale", MarginScale != 1, pairs),
            ("rank_margin", RankMargin > 0, rankings),
            ("ties", Ties != TieModel.Ignore, pairs || rankings),
        }
            .Where(o => o.Set && !o.Used)
            .Select(o => o.Name);
    }
}
