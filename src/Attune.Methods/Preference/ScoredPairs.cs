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
/// <param name="LogProbs">log pi(y | x), with gradient, [answers], nats</param>
/// <param name="Reference">log pi_ref(y | x), [answers], nats</param>
/// <param name="Lengths">answer tokens, [answers]</param>
public sealed record ScoredAnswers(Tensor LogProbs, Tensor Reference, Tensor Lengths)
{
    /// <summary>log pi - log pi_ref, [answers].</summary>
    public Tensor LogRatio => LogProbs - Reference;

    /// <summary>log pi(y | x) / |y|, [answers].</summary>
    public Tensor MeanLogProbs => LogProbs / Lengths;

    public ScoredAnswers By(LogProbReduction reduction) =>
        reduction == LogProbReduction.Summed ? this : new ScoredAnswers(LogProbs / Lengths, Reference / Lengths, ones_like(Lengths));

    /// <summary>
    /// One forward pass of the policy over all sequences, and one of the reference over those it was not asked about beforehand.
    /// </summary>
    /// <param name="reference">The live reference; may be null where all numbers are known.</param>
    /// <param name="known">log pi_ref of each sequence, or null.</param>
    /// <returns>Also the mean logit of each answer, [answers].</returns>
    public static (ScoredAnswers Answers, Tensor MeanLogits) Of(
        LanguageModel policy,
        LanguageModel? reference,
        IReadOnlyList<TokenSequence> sequences,
        IReadOnlyList<double?> known
    )
    {
        var batch = TokenBatch.Of(sequences);
        var (logProbs, meanLogits) = AnswerSums.Of(policy, batch);
        var scored = new ScoredAnswers(logProbs, ReferenceOf(reference, batch, known, logProbs), AnswerSums.Lengths(batch, logProbs));
        return (scored, meanLogits);
    }

    private static Tensor ReferenceOf(LanguageModel? reference, TokenBatch batch, IReadOnlyList<double?> known, Tensor like)
    {
        if (known.All(k => k is not null))
        {
            return tensor(known.Select(k => k!.Value).ToArray(), device: like.device).to(like.dtype);
        }

        using var noGrad = no_grad();
        return AnswerSums
            .Of(
                reference
                    ?? throw new ArgumentNullException(nameof(reference), "there is neither a reference model nor its log-probabilities"),
                batch
            )
            .LogProbs;
    }

    /// <summary>Answers <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> - 1.</summary>
    public ScoredAnswers Part(long start, long count) =>
        new(LogProbs.narrow(0, start, count), Reference.narrow(0, start, count), Lengths.narrow(0, start, count));
}

/// <summary>Both answers of each pair.</summary>
public sealed record ScoredPairs(ScoredAnswers Chosen, ScoredAnswers Rejected)
{
    /// <summary>log ratio of the chosen answer minus that of the rejected one, [pairs], nats: h of Azar et al. 2023.</summary>
    public Tensor Margin => Chosen.LogRatio - Rejected.LogRatio;

    public ScoredPairs By(LogProbReduction reduction) => new(Chosen.By(reduction), Rejected.By(reduction));
}
