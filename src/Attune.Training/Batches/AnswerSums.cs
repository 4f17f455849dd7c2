using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Training.Batches;

/// <summary>Log-probabilities of whole answers: the sum over their tokens, end token included.</summary>
public static class AnswerSums
{
    /// <summary>
    /// The mean logit over each answer's positions and the vocabulary, without gradient. Logits are linear in the head's rows, so their
    /// mean over the vocabulary is the product with the mean row: no logits are needed.
    /// </summary>
    /// <param name="hidden">[answers, width], as <see cref="AnswerLogProbs.Hidden"/> gives it</param>
    /// <returns>[rows]</returns>
    public static Tensor MeanLogits(LanguageModel model, Tensor hidden, TokenBatch batch)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var head = model.Weights[model.Config.TiedHead ? "tokens" : "head"].to(ScalarType.Float32).mean([0L]); // [width]
        var rows = hidden.detach().to(ScalarType.Float32);
        var sums = ByRow((rows * head).sum(1), batch);
        return (sums / Lengths(batch, sums)).MoveToOuterDisposeScope();
    }

    /// <summary>Sums numbers of answer tokens within each row.</summary>
    /// <param name="perAnswerToken">[answers]</param>
    /// <returns>[rows]</returns>
    public static Tensor ByRow(Tensor perAnswerToken, TokenBatch batch)
    {
        perAnswerToken.Require([batch.Targets.shape[0]]);
        using var scope = NewDisposeScope();
        var sums = zeros(batch.AnswerLengths.Length, perAnswerToken.dtype, perAnswerToken.device);
        return sums.index_add(0, Rows(batch).to(perAnswerToken.device), perAnswerToken, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Which row each answer token belongs to.</summary>
    /// <returns>[answers], int64</returns>
    public static Tensor Rows(TokenBatch batch) =>
        tensor(batch.AnswerLengths.SelectMany((length, row) => Enumerable.Repeat((long)row, length)).ToArray());

    /// <summary>Answer tokens of each row, in the type of <paramref name="like"/>.</summary>
    /// <returns>[rows]</returns>
    public static Tensor Lengths(TokenBatch batch, Tensor like) =>
        tensor(Array.ConvertAll(batch.AnswerLengths, length => (long)length), device: like.device).to(like.dtype);

    /// <summary>log pi(answer | prompt) without gradient, in batches formed by length.</summary>
    public static double[] Plain(LanguageModel model, IReadOnlyList<TokenSequence> sequences) =>
        sequences.Count == 0 ? [] : [.. AnswerLogProbs.Of(model, sequences).Select(tokens => tokens.Sum(p => (double)p))];
}
