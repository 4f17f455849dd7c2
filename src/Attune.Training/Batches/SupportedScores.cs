using System.Collections.Immutable;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Training.Batches;

/// <summary>
/// Scores of tokens that were drawn from a part of the vocabulary (top-k, top-p, min-p): the probability that counts is the renormalised
/// one. With the sampler's own parts for old and new policy alike, the ratio of the two is the importance ratio of the distribution that
/// was sampled, exactly; the ratio of the uncut probabilities is not.
/// </summary>
public static class SupportedScores
{
    /// <param name="states">[tokens, width], of the policy's trunk</param>
    /// <param name="targets">[tokens], int64</param>
    /// <param name="support">ids that each token was drawn from, one array a token; default for the whole vocabulary</param>
    /// <returns>log-probabilities with gradient and entropies of the cut distributions, nats</returns>
    public static TokenScores Of(
        LanguageModel policy,
        Tensor states,
        Tensor targets,
        double temperature,
        IReadOnlyList<ImmutableArray<int>> support
    )
    {
        using var scope = NewDisposeScope();
        var logits = (policy.Logits(states) / temperature).to(ScalarType.Float32); // [tokens, vocabulary]
        var kept = logits.masked_fill(Outside(support, logits.shape[1]), float.NegativeInfinity);
        var logProbs = LogProbs.OfTokens(kept, targets);
        using var quiet = no_grad();
        var all = kept.log_softmax(-1);
        var entropy = -(all.exp() * all.nan_to_num(0, null, 0)).sum(-1);
        return new TokenScores(logProbs, entropy, kept.argmax(-1).eq(targets).to(ScalarType.Float32)).MoveToOuterScope();
    }

    /// <summary>[tokens, vocabulary], bool: what could not be drawn.</summary>
    private static Tensor Outside(IReadOnlyList<ImmutableArray<int>> support, long vocabulary)
    {
        var outside = new bool[support.Count * vocabulary];
        for (var token = 0; token < support.Count; token++)
        {
            if (support[token].IsDefault)
            {
                continue;
            }

            var row = outside.AsSpan((int)(token * vocabulary), (int)vocabulary);
            row.Fill(true);
            foreach (var id in support[token])
            {
                row[id] = false;
            }
        }

        return tensor(outside, [support.Count, vocabulary]);
    }
}
