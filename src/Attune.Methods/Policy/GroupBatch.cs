using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

/// <summary>A minibatch of groups' answers as tensors. Lives inside one synchronous call.</summary>
internal sealed class GroupBatch
{
    private readonly IReadOnlyList<GroupItem> _items;
    private readonly TokenScores _scores;
    private readonly TokenBatch _batch;
    private readonly Tensor _states;
    private readonly LanguageModel _policy;
    private readonly double _temperature;

    public GroupBatch(IReadOnlyList<GroupItem> items, LanguageModel policy, double temperature, FrozenLayerCache? shared)
    {
        (_items, _policy, _temperature) = (items, policy, temperature);
        _batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
        _states = FrozenLayerCache.HiddenAt(policy, _batch, _batch.Predictors, shared);
        _scores = Surrogate.Score(policy, _states, _batch, temperature, items.Select(i => i.Support));
        OldLogProbs = tensor(items.SelectMany(i => i.OldLogProbs).ToArray());
        Reference = tensor(items.SelectMany(i => i.Reference).ToArray());
        Rows = AnswerSums.Rows(_batch);
        Advantages = tensor(items.Select(i => (float)i.Advantage).ToArray());
        TokenAdvantages = items.Any(i => !i.TokenAdvantages.IsDefault)
            ? tensor(items.SelectMany(i => Each(i, t => i.TokenAdvantages.IsDefault ? (float)i.Advantage : i.TokenAdvantages[t])).ToArray())
            : ToTokens(Advantages);
        LogRatios = LogProbs - OldLogProbs;
    }

    /// <summary>[tokens], with gradient; what follows from it, too, the others without.</summary>
    public Tensor LogProbs => _scores.LogProbs;

    /// <summary>[tokens]</summary>
    public Tensor OldLogProbs { get; }

    /// <summary>[tokens]: log pi - log pi_old.</summary>
    public Tensor LogRatios { get; }

    /// <summary>[tokens]</summary>
    public Tensor Reference { get; }

    /// <summary>[tokens], int64: which answer each token belongs to.</summary>
    public Tensor Rows { get; }

    /// <summary>[answers]</summary>
    public Tensor Advantages { get; }

    /// <summary>[tokens]</summary>
    public Tensor TokenAdvantages { get; }

    /// <summary>[tokens] to [answers]</summary>
    public Tensor SumByAnswer(Tensor tokens) => AnswerSums.ByRow(tokens, _batch);

    /// <summary>[tokens] to [answers], without tokens that do not count.</summary>
    public Tensor SumOfCounted(Tensor tokens) =>
        SumByAnswer(_items.All(i => i.Counted.IsDefault) ? tokens : tokens * PerToken((i, t) => i.Counts(t) ? 1 : 0));

    /// <summary>[answers] to [tokens]</summary>
    public Tensor ToTokens(Tensor answers) => answers.index_select(0, Rows);

    /// <summary>[tokens]: a number for each answer token, from its item.</summary>
    public Tensor PerToken(Func<GroupItem, int, double> number) =>
        tensor(_items.SelectMany(i => Each(i, t => (float)number(i, t))).ToArray());

    /// <summary>Mean over the tokens of each answer that are chosen, given back to all its tokens; 0 where none is chosen.</summary>
    /// <param name="tokens">[tokens]</param>
    public Tensor MeanOfAnswer(Tensor tokens, Func<GroupItem, int, bool> chosen)
    {
        var counts = tensor(_items.Select(i => (float)Math.Max(1, Each(i, t => chosen(i, t) ? 1 : 0).Sum())).ToArray());
        var all = _items.All(i => i.Counted.IsDefault && i.Kept.IsDefault);
        var sums = SumByAnswer(all ? tokens : tokens * PerToken((i, t) => chosen(i, t) ? 1 : 0));
        return ToTokens(sums / counts);
    }

    /// <summary>The ratio of each token, or the geometric mean over its answer (GSPO); [tokens], with gradient.</summary>
    public Tensor Ratio(ImportanceLevel level) =>
        (level == ImportanceLevel.Token ? LogRatios : MeanOfAnswer(LogRatios, (item, t) => item.Counts(t))).exp();

    /// <summary>What each token's policy term is multiplied by, or null for 1 everywhere; [tokens], without gradient.</summary>
    /// <param name="offPolicyThreshold">Answers with a negative advantage that lost more nats a token than this are left out; 0 for
    /// none.</param>
    public Tensor? Multipliers(double offPolicyThreshold)
    {
        var marked = _items.Any(i => !i.Kept.IsDefault || !i.SamplerRatios.IsDefault);
        var factors = marked ? PerToken((i, t) => (i.Keeps(t) ? 1 : 0) * (i.SamplerRatios.IsDefault ? 1 : i.SamplerRatios[t])) : null;
        if (offPolicyThreshold == 0)
        {
            return factors;
        }

        using var quiet = no_grad();
        var sampled = PerToken((i, t) => i.SamplerLogProbs.IsDefault ? i.OldLogProbs[t] : i.SamplerLogProbs[t]);
        var lost = MeanOfAnswer(sampled - LogProbs.detach(), (item, t) => item.Counts(t));
        var on = TokenAdvantages.ge(0).logical_or(lost.le(offPolicyThreshold)).to(ScalarType.Float32);
        return factors is null ? on : factors * on;
    }

    /// <summary>The entropy bonus, summed with the weights that the items name; a scalar with gradient, null where none is paid.</summary>
    public Tensor? EntropyBonus()
    {
        if (_items.All(i => i.EntropyCoefficient == 0))
        {
            return null;
        }

        var entropy = EntropyOptions.Of(_policy, _states, _temperature);
        return (entropy * PerToken((i, t) => i.Counts(t) && i.Keeps(t) ? i.EntropyCoefficient * i.EntropyShare : 0)).sum();
    }

    /// <summary>What both methods log of an update.</summary>
    /// <param name="ratio">The one that the loss clips, of tokens or of whole answers, without gradient.</param>
    /// <param name="clipped">Where the clip decides the loss.</param>
    /// <param name="loss">Of the same shape.</param>
    public Metrics Measure(Tensor ratio, Tensor clipped, Tensor loss) => Surrogate.Measure(_scores, OldLogProbs, ratio, clipped, loss);

    private static IEnumerable<T> Each<T>(GroupItem item, Func<int, T> number) =>
        Enumerable.Range(0, item.OldLogProbs.Length).Select(number);
}
