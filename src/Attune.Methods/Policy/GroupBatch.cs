using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>A minibatch of groups' answers as tensors. Lives inside one synchronous call.</summary>
internal sealed class GroupBatch
{
    private readonly TokenScores _scores;
    private readonly TokenBatch _batch;

    public GroupBatch(IReadOnlyList<GroupItem> items, LanguageModel policy, double temperature, FrozenLayerCache? shared)
    {
        _batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
        _scores = policy.Score(FrozenLayerCache.HiddenAt(policy, _batch, _batch.Predictors, shared), _batch.Targets, temperature);
        OldLogProbs = tensor(items.SelectMany(i => i.OldLogProbs).ToArray());
        Reference = tensor(items.SelectMany(i => i.Reference).ToArray());
        Rows = AnswerSums.Rows(_batch);
        Advantages = tensor(items.Select(i => (float)i.Advantage).ToArray());
    }

    /// <summary>[tokens], with gradient; the others without.</summary>
    public Tensor LogProbs => _scores.LogProbs;

    /// <summary>[tokens]</summary>
    public Tensor OldLogProbs { get; }

    /// <summary>[tokens]</summary>
    public Tensor Reference { get; }

    /// <summary>[tokens], int64: which answer each token belongs to.</summary>
    public Tensor Rows { get; }

    /// <summary>[answers]</summary>
    public Tensor Advantages { get; }

    /// <summary>[tokens] to [answers]</summary>
    public Tensor SumByAnswer(Tensor tokens) => AnswerSums.ByRow(tokens, _batch);

    /// <summary>[answers] to [tokens]</summary>
    public Tensor ToTokens(Tensor answers) => answers.index_select(0, Rows);

    /// <summary>What both methods log of an update.</summary>
    /// <param name="ratio">The one that the loss clips, of tokens or of whole answers, without gradient.</param>
    /// <param name="loss">Of the same shape.</param>
    public Metrics Measure(Tensor ratio, Tensor loss, ClipOptions clip) =>
        Surrogate.Measure(_scores, OldLogProbs, ratio, clip.Outside(ratio), loss);
}
