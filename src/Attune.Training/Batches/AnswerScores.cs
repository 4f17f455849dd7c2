using Attune.Core.Tokens;
using Attune.Models.Architecture;
using static TorchSharp.torch;

namespace Attune.Training.Batches;

/// <summary>Scalar scores of whole answers, read at each answer's last token.</summary>
public static class AnswerScores
{
    private const int ScoringBatch = 32;

    /// <returns>[sequences], with gradient</returns>
    public static Tensor Of(ScalarModel model, IReadOnlyList<TokenSequence> sequences)
    {
        using var scope = NewDisposeScope();
        var batch = TokenBatch.Of(sequences);
        return model.ScoresOf(FrozenLayerCache.HiddenAt(model, batch, batch.Last, shared: null)).MoveToOuterDisposeScope();
    }

    /// <summary>The same without gradient, in batches formed by length.</summary>
    /// <param name="endToken">Where set, answers are read without this end token: at the token before it, as nothing looks ahead.</param>
    /// <param name="shared">Lower states that the model shares, if it does.</param>
    public static double[] Plain(
        ScalarModel model,
        IReadOnlyList<TokenSequence> sequences,
        int? endToken = null,
        FrozenLayerCache? shared = null
    )
    {
        using var noGrad = no_grad();
        var results = new double[sequences.Count];
        var order = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ThenBy(i => i);
        foreach (var part in order.Chunk(ScoringBatch))
        {
            using var scope = NewDisposeScope();
            var batch = TokenBatch.Of([.. part.Select(i => sequences[i])]);
            var last =
                batch.Last - tensor(part.Select(i => (long)(sequences[i].Length - sequences[i].WithoutEnd(endToken).Length)).ToArray());
            var scores = model.ScoresOf(FrozenLayerCache.HiddenAt(model, batch, last, shared)).data<float>().ToArray();
            for (var i = 0; i < part.Length; i++)
            {
                results[part[i]] = scores[i];
            }
        }

        return results;
    }
}
