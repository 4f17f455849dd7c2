using Attune.Models.Architecture;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// WPO, Zhou et al. 2024 (arXiv:2406.11827): pairs of another model's answers are weighed by how likely the policy would have said
/// them itself, so that off-policy data act as if they were the policy's own.
/// </summary>
public static class Wpo
{
    /// <summary>
    /// exp of the mean over the answer's tokens of log pi(token) - log sum over the vocabulary of pi^2: eq. 2 with the paper's alignment
    /// by the sampled policy, under which answers drawn from the policy weigh about 1 whatever its temperature. Without gradient.
    /// </summary>
    /// <param name="hidden">[answers, width], as <see cref="AnswerLogProbs.Hidden"/> gives it</param>
    /// <param name="logProbs">log pi of every answer token, [answer tokens]</param>
    /// <returns>[answers]</returns>
    internal static Tensor Weights(LanguageModel policy, Tensor hidden, TokenBatch batch, Tensor logProbs)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var logits = AnswerLogProbs.Logits(policy, hidden.detach(), 1).to(ScalarType.Float32);
        var aligned = logProbs.detach() - LogCollision(logits);
        var sums = AnswerSums.ByRow(aligned, batch);
        return (sums / AnswerSums.Lengths(batch, sums)).exp().MoveToOuterDisposeScope();
    }

    /// <summary>log of the probability that two draws from a distribution agree: log sum of p^2.</summary>
    /// <param name="logits">[tokens, vocab]</param>
    /// <returns>[tokens]</returns>
    public static Tensor LogCollision(Tensor logits) => (2 * logits).logsumexp(-1) - 2 * logits.logsumexp(-1);
}
