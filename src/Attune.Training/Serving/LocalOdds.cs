using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Judging;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Training.Serving;

/// <summary>The exact log-probabilities of the replies A and B under a model of this process. Nothing is sampled.</summary>
/// <param name="model">Is disposed with this.</param>
/// <param name="encoder">Its tokenizer and chat template.</param>
public sealed class LocalOdds(LanguageModel model, Encoder encoder) : IOptionOdds, IDisposable
{
    /// <summary>Questions scored at a time, so that a cancelled run ends soon.</summary>
    private const int Portion = 32;

    public Task<ImmutableArray<(double First, double Second)?>> OfAsync(
        IReadOnlyList<Prompt.Chat> questions,
        IProgress<int>? finished,
        CancellationToken cancel
    )
    {
        var (first, second) = (Token("A"), Token("B"));
        var room = model.Config.ContextLength - 1;
        var odds = ImmutableArray.CreateBuilder<(double First, double Second)?>(questions.Count);
        foreach (var part in questions.Chunk(Portion))
        {
            cancel.ThrowIfCancellationRequested();
            TokenSequence[] asked = [.. part.Select(q => QuestionTokens.With(encoder.EncodePrompt(q), [first], room))];
            var logProbs = AnswerLogProbs.ByLength(asked, batch => Options(batch, second));
            odds.AddRange(part.Select((_, i) => ((double, double)?)(logProbs[0][i][0], logProbs[1][i][0])));
            finished?.Report(odds.Count);
        }

        return Task.FromResult(odds.ToImmutable());
    }

    public void Dispose() => model.Dispose();

    /// <summary>Both options in one pass: they stand in the same place.</summary>
    private Tensor[] Options(TokenBatch batch, int second)
    {
        var hidden = FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, null);
        return [model.Score(hidden, batch.Targets, 1).LogProbs, model.Score(hidden, batch.Targets.fill_(second), 1).LogProbs];
    }

    private int Token(string option) =>
        encoder.Tokenizer.Encode(option) is [var only]
            ? only
            : throw new ModelFileException($"the tokenizer of the model that judges has no token for {option}. Name another model.");
}
