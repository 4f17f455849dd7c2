using Attune.Core.Tokens;
using Attune.Models;
using static TorchSharp.torch;

namespace Attune.Learning.Batches;

/// <summary>Scalar scores of whole answers, read at each answer's last token.</summary>
public static class AnswerScores
{
    private const int ScoringBatch = 32;

    /// <returns>[sequences], with gradient</returns>
    public static Tensor Of(ScalarModel model, IReadOnlyList<TokenSequence> sequences)
    {
        using var scope = NewDisposeScope();
        var batch = TokenBatch.Of(sequences);
        var hidden = model.Trunk.Hidden(batch.Tokens);                                   // [batch, time, width]
        return model.ScoresOf(TokenBatch.At(hidden, batch.Last)).MoveToOuterDisposeScope();
    }

    /// <summary>The same without gradient, in batches formed by length.</summary>
    public static double[] Plain(ScalarModel model, IReadOnlyList<TokenSequence> sequences)
    {
        using var noGrad = no_grad();
        var results = new double[sequences.Count];
        var order = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ThenBy(i => i);
        foreach (var part in order.Chunk(ScoringBatch))
        {
            using var scope = NewDisposeScope();
            var scores = Of(model, [.. part.Select(i => sequences[i])]).data<float>().ToArray();
            for (var i = 0; i < part.Length; i++)
            {
                results[part[i]] = scores[i];
            }
        }

        return results;
    }
}
