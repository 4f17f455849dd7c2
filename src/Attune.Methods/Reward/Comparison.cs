using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Methods.Reward;

/// <summary>What a label on two answers costs under the options of comparisons.</summary>
/// <param name="ties">The strength of ties; null where they are no outcome of their own.</param>
public sealed class Comparison(ComparisonOptions options, FlatParameters? ties)
{
    public ComparisonOptions Options => options;

    /// <summary>What is trained beside the rewards.</summary>
    public IReadOnlyList<FlatParameters> Learners { get; } = ties is null ? [] : [ties];

    /// <param name="share">of ties in the data, where the strength of ties begins</param>
    public static Comparison Of(ComparisonOptions options, double share) => new(options, Ties.Weight(options.Ties, share));

    /// <param name="first">rewards, [pairs]</param>
    /// <param name="second">rewards, [pairs]</param>
    /// <param name="margin">by which the first should lead, [pairs]</param>
    /// <param name="probabilities">that the first is better; exactly one half is a tie where ties are an outcome</param>
    /// <returns>-log P(label), [pairs], nats</returns>
    public Tensor Loss(Tensor first, Tensor second, Tensor margin, IReadOnlyList<double> probabilities)
    {
        using var scope = NewDisposeScope();
        var plain = options is { LabelSmoothing: 0, RandomJudgements: 0 } && probabilities.All(p => p == 1);
        if (plain && ties is null)
        {
            return BradleyTerry.Loss(first, second, margin).MoveToOuterDisposeScope();
        }

        var difference = first - second - margin;
        var outcomes = Outcomes(difference);
        var wins = Constant(probabilities.Select(p => p + (1 - 2 * p) * options.LabelSmoothing), difference);
        var loss = -(wins * outcomes.Win + (1 - wins) * outcomes.Loss);
        return (ties is null ? loss : where(Constant(probabilities, difference).eq(0.5), -outcomes.Tie, loss)).MoveToOuterDisposeScope();
    }

    private Ties.Outcomes Outcomes(Tensor difference) =>
        options.Ties switch
        {
            TieModel.Davidson => Ties.Davidson(difference, ties!["ties"]),
            TieModel.RaoKupper => Ties.RaoKupper(difference, ties!["ties"]),
            _ => new Ties.Outcomes(
                BradleyTerry.WithChance(difference, options.RandomJudgements),
                difference,
                BradleyTerry.WithChance(-difference, options.RandomJudgements)
            ),
        };

    private static Tensor Constant(IEnumerable<double> values, Tensor like) => tensor(values.ToArray(), like.dtype, like.device);
}
