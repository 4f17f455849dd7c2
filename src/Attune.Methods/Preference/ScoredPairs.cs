using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>How the log-probability of an answer is made of those of its tokens.</summary>
public enum LogProbReduction
{
    /// <summary>Their sum: log pi(y | x).</summary>
    Summed,

    /// <summary>Their mean: the sum divided by the number of answer tokens.</summary>
    Averaged,
}

/// <summary>What policy and reference say of answers.</summary>
/// <param name="LogProbs">log pi(y | x), with gradient, [answers], nats; where tails are weighted, the weighted sum</param>
/// <param name="Reference">log pi_ref(y | x), made alike, [answers], nats</param>
/// <param name="Lengths">answer tokens, [answers]</param>
public sealed record ScoredAnswers(Tensor LogProbs, Tensor Reference, Tensor Lengths)
{
    /// <summary>log pi(y | x) with each token counted whole, [answers], nats: <see cref="LogProbs"/> where no tail is weighted.</summary>
    public Tensor Likelihood { get; init; } = LogProbs;

    /// <summary>Sums over the answer's tokens, without gradient: entropies, nats, and tokens that were the likeliest, [answers].</summary>
    public (Tensor Entropy, Tensor Hits)? Sums { get; init; }

    /// <summary>How much the policy might have said the answer itself, 0 to 1 (WPO); null where nobody asks.</summary>
    public Tensor? PolicyWeights { get; init; }

    /// <summary>log pi - log pi_ref, [answers].</summary>
    public Tensor LogRatio => LogProbs - Reference;

    /// <summary>log pi(y | x) / |y|, [answers].</summary>
    public Tensor MeanLogProbs => Likelihood / Lengths;

    public ScoredAnswers By(LogProbReduction reduction) =>
        reduction == LogProbReduction.Summed ? this : new ScoredAnswers(LogProbs / Lengths, Reference / Lengths, ones_like(Lengths));

    /// <summary>
    /// One forward pass of the policy over all sequences, and one of the reference over those it was not asked about beforehand.
    /// </summary>
    /// <param name="reference">The live reference; may be null where all numbers are known.</param>
    /// <param name="known">log pi_ref of each sequence, or null.</param>
    /// <param name="tails">Weights of the tokens beyond a length; null for none.</param>
    /// <param name="weighPolicy">Whether <see cref="PolicyWeights"/> are wanted.</param>
    /// <returns>Also the mean logit of each answer, [answers].</returns>
    public static (ScoredAnswers Answers, Tensor MeanLogits) Of(
        LanguageModel policy,
        LanguageModel? reference,
        IReadOnlyList<TokenSequence> sequences,
        IReadOnlyList<double?> known,
        Tails? tails = null,
        bool weighPolicy = false
    )
    {
        var batch = TokenBatch.Of(sequences);
        var hidden = AnswerLogProbs.Hidden(policy, batch); // [answers, width]
        var tokens = AnswerLogProbs.Score(policy, hidden, batch);
        var likelihood = AnswerSums.ByRow(tokens.LogProbs, batch);
        var weights = tails?.Weights(batch, likelihood);
        var scored = new ScoredAnswers(
            weights is null ? likelihood : AnswerSums.ByRow(tokens.LogProbs * weights, batch),
            ReferenceOf(reference, batch, known, likelihood, weights),
            AnswerSums.Lengths(batch, likelihood)
        )
        {
            Likelihood = likelihood,
            Sums = (AnswerSums.ByRow(tokens.Entropy, batch), AnswerSums.ByRow(tokens.Hits.to(likelihood.dtype), batch)),
            PolicyWeights = weighPolicy ? Wpo.Weights(policy, hidden, batch, tokens.LogProbs) : null,
        };
        return (scored, AnswerSums.MeanLogits(policy, hidden, batch));
    }

    private static Tensor ReferenceOf(
        LanguageModel? reference,
        TokenBatch batch,
        IReadOnlyList<double?> known,
        Tensor like,
        Tensor? weights
    )
    {
        if (known.All(k => k is not null))
        {
            return tensor(known.Select(k => k!.Value).ToArray(), device: like.device).to(like.dtype);
        }

        using var noGrad = no_grad();
        var live =
            reference ?? throw new ArgumentNullException(nameof(reference), "there is neither a reference model nor its log-probabilities");
        var tokens = AnswerLogProbs.Score(live, AnswerLogProbs.Hidden(live, batch), batch).LogProbs;
        return AnswerSums.ByRow(weights is null ? tokens : tokens * weights, batch);
    }

    /// <summary>Answers <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1.</summary>
    public ScoredAnswers Part(long start, long count) => Each(numbers => numbers.narrow(0, start, count));

    /// <summary>The answers at some places.</summary>
    /// <param name="places">[n], int64</param>
    public ScoredAnswers At(Tensor places) => Each(numbers => numbers.index_select(0, places));

    private ScoredAnswers Each(Func<Tensor, Tensor> part) =>
        new(part(LogProbs), part(Reference), part(Lengths))
        {
            Likelihood = part(Likelihood),
            Sums = Sums is { } sums ? (part(sums.Entropy), part(sums.Hits)) : null,
            PolicyWeights = PolicyWeights is null ? null : part(PolicyWeights),
        };
}

/// <summary>Both answers of each pair.</summary>
public sealed record ScoredPairs(ScoredAnswers Chosen, ScoredAnswers Rejected)
{
    /// <summary>The pairs themselves, in the same order; empty where only numbers are known.</summary>
    public IReadOnlyList<PreferencePair> Items { get; init; } = [];

    /// <summary>log ratio of the chosen answer minus that of the rejected one, [pairs], nats: h of Azar et al. 2023.</summary>
    public Tensor Margin => Chosen.LogRatio - Rejected.LogRatio;

    /// <summary>The pairs with their answers in each other's place.</summary>
    public ScoredPairs Turned() => new(Rejected, Chosen) { Items = [.. Items.Select(i => i.Turned())] };

    public ScoredPairs By(LogProbReduction reduction) => new(Chosen.By(reduction), Rejected.By(reduction)) { Items = Items };

    /// <summary>A number of each pair, as the scores' kind of tensor.</summary>
    /// <returns>[pairs]</returns>
    public Tensor Numbers(Func<PreferencePair, double> number) =>
        tensor(Items.Select(number).ToArray(), device: Chosen.LogProbs.device).to(Chosen.LogProbs.dtype);
}
