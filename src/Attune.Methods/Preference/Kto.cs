using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>Kahneman-Tversky optimisation. Defaults are TRL's.</summary>
[Method(
    "kto",
    "KTO",
    "learn from verdicts on single answers (KTO)",
    Paper = "Ethayarajh et al. 2024 (arXiv:2402.01306)",
    Example = "attune kto --model DIR --data verdicts.jsonl --out runs/kto"
)]
public sealed record KtoOptions : IPreferenceMethod
{
    [Description(
        "weight of desirable answers; the paper recommends desirable_weight * desirable / (undesirable_weight * "
            + "undesirable) between 1 and 4/3"
    )]
    [Range(0, 1000)]
    public double DesirableWeight { get; init; } = 1;

    [Description("weight of undesirable answers")]
    [Range(0, 1000)]
    public double UndesirableWeight { get; init; } = 1;

    [Description("beta: strength of the pull towards the reference, in reward for each nat of divergence")]
    [Range(1e-6, 1e6)]
    public double Beta { get; init; } = 0.1;

    [Flatten]
    public ReferenceOptions Reference { get; init; } = new();

    [Flatten]
    public PreferenceOptions Data { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } = new() { LearningRate = 1e-6 };
}

/// <summary>One answer with its verdict, and a foreign answer to the same prompt by which the divergence is estimated.</summary>
/// <param name="Mismatched">The prompt with another prompt's answer.</param>
/// <param name="Reference">log pi_ref of the answer, nats; null where a live reference is to be asked.</param>
/// <param name="MismatchedReference">log pi_ref of the foreign answer.</param>
public sealed record KtoItem(
    TokenSequence Sequence,
    bool Desirable,
    TokenSequence Mismatched,
    double? Reference,
    double? MismatchedReference
)
{
    /// <summary>z_0, the same for all items of an update, nats.</summary>
    public double Divergence { get; init; }

    /// <summary>Items of the update divided by those of this item's class: makes means over a class out of means over the update.</summary>
    public double ClassScale { get; init; } = 1;
}

/// <summary>
/// KTO, Ethayarajh et al. 2024 (arXiv:2402.01306): verdicts on single answers, valued as people value gains and losses, against the point
/// z_0 = KL(pi || pi_ref), which is estimated and carries no gradient.
/// </summary>
public static class Kto
{
    /// <summary>lambda (1 - sigma(+-beta (log ratio - z_0))), + for desirable answers, per answer.</summary>
    /// <param name="logRatio">log pi - log pi_ref, [answers], nats</param>
    /// <param name="desirable">1 or 0, [answers]</param>
    /// <param name="divergence">z_0, [answers], nats</param>
    /// <param name="beta">how fast values saturate</param>
    /// <param name="weights">lambda of desirable and undesirable answers</param>
    /// <returns>[answers]</returns>
    public static Tensor Loss(
        Tensor logRatio,
        Tensor desirable,
        Tensor divergence,
        double beta,
        (double Desirable, double Undesirable) weights
    )
    {
        logRatio.Require([-1]);
        desirable.Require(logRatio.shape);
        divergence.Require(logRatio.shape);
        using var scope = NewDisposeScope();
        var weight = weights.Desirable * desirable + weights.Undesirable * (1 - desirable);
        // 1 - sigma(x) = sigma(-x)
        return (weight * (beta * (1 - 2 * desirable) * (logRatio - divergence)).sigmoid()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The items of an update with z_0 = max(0, mean log ratio of the foreign answers), the paper's biased but stable estimate from
    /// mismatched answers. Whole updates only: an estimate of each microbatch would make the result depend on its size.
    /// </summary>
    public static IReadOnlyList<KtoItem> WithDivergence(IReadOnlyList<KtoItem> items, LanguageModel policy, LanguageModel? reference)
    {
        TokenSequence[] foreign = [.. items.Select(i => i.Mismatched)];
        var own = AnswerSums.Plain(policy, foreign);
        var known = items.All(i => i.MismatchedReference is not null)
            ? [.. items.Select(i => i.MismatchedReference!.Value)]
            : AnswerSums.Plain(reference!, foreign);
        var divergence = Math.Max(0, own.Zip(known, (p, r) => p - r).Average());
        var sizes = items.ToLookup(i => i.Desirable);
        return [.. items.Select(i => i with { Divergence = divergence, ClassScale = (double)items.Count / sizes[i.Desirable].Count() })];
    }

    /// <summary>
    /// Answers with verdicts as items: each gets the answer of the next item that has another prompt, cut to what the limit leaves of it.
    /// </summary>
    /// <param name="maxLength">Tokens of a prompt and answer at the most, as the rows were limited to; models read no more.</param>
    public static ImmutableArray<KtoItem> Items(IReadOnlyList<(TokenSequence Sequence, bool Desirable)> answers, int maxLength) =>
        [.. answers.Select((a, i) => new KtoItem(a.Sequence, a.Desirable, Mismatch(answers, i, maxLength), null, null))];

    private static TokenSequence Mismatch(IReadOnlyList<(TokenSequence Sequence, bool Desirable)> answers, int index, int maxLength)
    {
        var own = answers[index].Sequence;
        for (var step = 1; step < answers.Count; step++)
        {
            var other = answers[(index + step) % answers.Count].Sequence;
            if (!other.Prompt.SequenceEqual(own.Prompt))
            {
                return Foreign(own, other, maxLength);
            }
        }

        return own; // one prompt alone: its own answers are all there is
    }

    // Two rows within the limit may join to one beyond it: a long prompt and a long answer.
    private static TokenSequence Foreign(TokenSequence own, TokenSequence other, int maxLength) =>
        new([.. own.Prompt, .. other.Answer[..Math.Min(other.AnswerLength, Math.Max(1, maxLength - own.AnswerStart))]], own.AnswerStart);

    public sealed class Objective(KtoOptions options, LanguageModel policy, LanguageModel? reference) : IObjective<KtoItem>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [policy.Learner];

        public double Weight(KtoItem item) => 1;

        public int Length(KtoItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<KtoItem> items)
        {
            var (answers, logits) = ScoredAnswers.Of(
                policy,
                reference,
                [.. items.Select(i => i.Sequence)],
                [.. items.Select(i => i.Reference)]
            );
            var like = answers.LogProbs;
            // [answers]
            Tensor Numbers(Func<KtoItem, double> number) => tensor(items.Select(number).ToArray(), device: like.device).to(like.dtype);
            var loss = Loss(
                answers.LogRatio,
                Numbers(i => i.Desirable ? 1 : 0),
                Numbers(i => i.Divergence),
                options.Beta,
                (options.DesirableWeight, options.UndesirableWeight)
            );
            return new ObjectiveValue(loss.sum(), Measured(items, answers, logits));
        }

        private Metrics Measured(IReadOnlyList<KtoItem> items, ScoredAnswers answers, Tensor logits)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var metrics = new Metrics();
            var rewards = options.Beta * answers.LogRatio;
            foreach (var group in items.Select((item, index) => (item.Desirable, Index: (long)index)).GroupBy(i => i.Desirable))
            {
                var own = tensor(group.Select(g => g.Index).ToArray(), device: rewards.device);
                var side = new ScoredAnswers(
                    answers.LogProbs.index_select(0, own),
                    answers.Reference.index_select(0, own),
                    answers.Lengths.index_select(0, own)
                );
                PreferenceMetrics.AddSide(
                    metrics,
                    group.Key ? PreferenceMetrics.Chosen : PreferenceMetrics.Rejected,
                    rewards.index_select(0, own),
                    side,
                    logits.index_select(0, own)
                );
            }

            var plain = rewards.to(ScalarType.Float64).cpu().data<double>().ToArray();
            metrics.AddSum(
                "rewards/margins",
                items.Select((item, i) => (item.Desirable ? 1 : -1) * item.ClassScale * plain[i]).Sum(),
                items.Count
            );
            metrics.AddSum("kl", items.Sum(i => i.Divergence), items.Count);
            return metrics;
        }
    }
}
