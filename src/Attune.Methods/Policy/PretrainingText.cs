using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>
/// A text of the pretraining distribution, learned beside a rollout (PPO-ptx, Ouyang et al. 2022, eq. 2): keeps the policy from forgetting
/// the language while it maximises the reward.
/// </summary>
/// <param name="Scale">
/// Factor of the text's summed loss, so that after the loop's division the minibatch sees coefficient * mean pretraining loss per token.
/// </param>
public sealed record PretrainingText(TokenSequence Sequence, double Scale)
{
    /// <summary>Texts for a minibatch; none where the coefficient is 0.</summary>
    /// <param name="each">Texts for each answer.</param>
    /// <param name="answerLengths">Of the minibatch's answers, tokens.</param>
    public static PretrainingText[] Draw(IReadOnlyList<TokenSequence> texts, double coefficient, int each, int[] answerLengths, Seed seed)
    {
        if (coefficient == 0 || texts.Count == 0)
        {
            return [];
        }

        var rng = seed.Rng();
        TokenSequence[] drawn = [.. Enumerable.Range(0, each * answerLengths.Length).Select(_ => texts[rng.NextInt(texts.Count)])];
        var scale = coefficient * answerLengths.Sum() / drawn.Sum(TokenBatch.Predicted);
        return [.. drawn.Select(t => new PretrainingText(t, scale))];
    }

    /// <summary>The scaled sum of the texts' negative log-likelihoods.</summary>
    public static Tensor Loss(IReadOnlyList<PretrainingText> texts, LanguageModel policy, Metrics metrics)
    {
        var batch = TokenBatch.Of([.. texts.Select(t => t.Sequence)]);
        var negative = -AnswerLogProbs.Score(policy, AnswerLogProbs.Hidden(policy, batch), batch).LogProbs.sum();
        metrics.AddSum("loss/ptx_avg", negative.ToDouble(), batch.Targets.shape[0]);
        return texts[0].Scale * negative;
    }
}
