using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Numerics;
using static TorchSharp.torch;

namespace Attune.Training.Batches;

/// <summary>Log-probabilities of answers under a language model.</summary>
public static class AnswerLogProbs
{
    /// <summary>
    /// Sequences a forward pass takes at most where no gradient is kept. Batches are formed by length, so that short answers do not
    /// pay for long ones' padding.
    /// </summary>
    private const int ScoringBatch = 32;

    /// <summary>The trunk's last hidden state at the positions that predict answer tokens.</summary>
    /// <returns>[answers, width]</returns>
    public static Tensor Hidden(LanguageModel model, TokenBatch batch) =>
        FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, shared: null);

    /// <summary>Logits of the positions that predict answer tokens, divided by the temperature.</summary>
    /// <param name="hidden">[answers, width], as <see cref="Hidden"/> gives it</param>
    /// <returns>[answers, vocab]</returns>
    public static Tensor Logits(LanguageModel model, Tensor hidden, double temperature)
    {
        using var scope = NewDisposeScope();
        var logits = model.Logits(hidden);
        return (temperature == 1 ? logits : logits / temperature).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Of every answer token: log pi(token), with gradient, and the distribution's entropy and whether the token was its likeliest,
    /// without. The logits are not kept, so that this is what losses should be made of.
    /// </summary>
    /// <param name="hidden">[answers, width], as <see cref="Hidden"/> gives it</param>
    /// <param name="temperature">Of the distribution asked about: the one sampled from.</param>
    public static TokenScores Score(LanguageModel model, Tensor hidden, TokenBatch batch, double temperature = 1)
    {
        using var scope = NewDisposeScope();
        return model.Score(hidden, batch.Targets, temperature).MoveToOuterScope();
    }

    /// <summary>log pi(token) of every answer token, without gradient.</summary>
    /// <param name="temperature">Of the distribution asked about: the one sampled from.</param>
    /// <param name="shared">Lower states that the model shares, if it does.</param>
    /// <returns>One array a sequence, in their order, nats.</returns>
    public static float[][] Of(
        LanguageModel model,
        IReadOnlyList<TokenSequence> sequences,
        double temperature = 1,
        FrozenLayerCache? shared = null
    ) =>
        ByLength(
            sequences,
            batch => [model.Score(FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, shared), batch.Targets, temperature).LogProbs]
        )[0];

    /// <summary>Runs a function of a batch over all sequences, without gradient.</summary>
    /// <param name="perAnswerToken">One or more tensors of [answers] numbers.</param>
    /// <returns>For each of those tensors, one array a sequence, in the sequences' order.</returns>
    public static float[][][] ByLength(IReadOnlyList<TokenSequence> sequences, Func<TokenBatch, IReadOnlyList<Tensor>> perAnswerToken) =>
        ByLength(sequences, (batch, _) => perAnswerToken(batch));

    /// <summary>Runs a function of a batch and of the sequences that are its rows over all sequences, without gradient.</summary>
    /// <param name="perAnswerToken">One or more tensors of [answers] numbers.</param>
    /// <returns>For each of those tensors, one array a sequence, in the sequences' order.</returns>
    public static float[][][] ByLength(
        IReadOnlyList<TokenSequence> sequences,
        Func<TokenBatch, IReadOnlyList<int>, IReadOnlyList<Tensor>> perAnswerToken
    )
    {
        using var noGrad = no_grad();
        var results = new List<float[][]>();
        var order = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ThenBy(i => i);
        foreach (var part in order.Chunk(ScoringBatch))
        {
            using var scope = NewDisposeScope();
            var batch = TokenBatch.Of([.. part.Select(i => sequences[i])]);
            var outputs = perAnswerToken(batch, part);
            for (var output = 0; output < outputs.Count; output++)
            {
                if (results.Count == output)
                {
                    results.Add(new float[sequences.Count][]);
                }

                var values = outputs[output].Require([batch.Targets.shape[0]]).data<float>().ToArray();
                var start = 0;
                for (var row = 0; row < part.Length; row++)
                {
                    results[output][part[row]] = values[start..(start + batch.AnswerLengths[row])];
                    start += batch.AnswerLengths[row];
                }
            }
        }

        return [.. results];
    }
}
