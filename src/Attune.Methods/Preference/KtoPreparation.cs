using System.Collections.Immutable;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;

namespace Attune.Methods.Preference;

/// <summary>
/// The point of comparison z_0 of each update: for KTO the divergence from the reference, for BCO the running mean of all rewards so far.
/// Whole updates, or the parts that the options name: an estimate of each microbatch would make the result depend on its size.
/// </summary>
/// <param name="maxLength">Tokens of a prompt and answer at the most.</param>
public sealed class KtoPreparation(KtoOptions options, LanguageModel policy, LanguageModel? reference, int maxLength)
    : UpdatePreparation<KtoItem>(update => update)
{
    private const string Mean = "bco_reward_mean";
    private const string Count = "bco_reward_count";

    // BCO's: all answers so far weigh alike, each with the reward that it had when it was learned.
    private (double Mean, double Count) _rewards;

    public override IReadOnlyDictionary<string, double> State =>
        options.LossType == VerdictLoss.Bco
            ? new Dictionary<string, double> { [Mean] = _rewards.Mean, [Count] = _rewards.Count }
            : base.State;

    public override void Restore(IReadOnlyDictionary<string, double> state)
    {
        if (options.LossType == VerdictLoss.Bco)
        {
            _rewards = (state[Mean], state[Count]);
        }
    }

    public override IReadOnlyList<KtoItem> Learn(IReadOnlyList<KtoItem> update) => Prepared(update, remember: true);

    public override IReadOnlyList<KtoItem> Look(IReadOnlyList<KtoItem> heldOut) => Prepared(heldOut, remember: false);

    /// <summary>
    /// Answers with verdicts as items: each gets the answer of the next item that has another prompt, cut to what the limit leaves of it,
    /// where the loss estimates KL by it.
    /// </summary>
    public ImmutableArray<KtoItem> Items(IReadOnlyList<(TokenSequence Sequence, bool Desirable)> answers) =>
        [.. answers.Select((a, i) => new KtoItem(a.Sequence, a.Desirable, IsFixed ? Mismatch(answers, i) : null, null, null))];

    private bool IsFixed => options is { LossType: VerdictLoss.Kto, KlPairs: KlPairs.OtherPrompt };

    // What an answer found in the update is known to have under the reference.
    private double? Absent => options.Reference.ReferenceFree ? 0 : null;

    private KtoItem[] Prepared(IReadOnlyList<KtoItem> update, bool remember)
    {
        var sizes = update.ToLookup(i => i.Desirable);
        return
        [
            .. options
                .Statistics.Parts(update)
                .SelectMany(part =>
                {
                    var divergence = Divergence(part, remember);
                    return part.Select(i =>
                        i with
                        {
                            Divergence = divergence,
                            ClassScale = (double)update.Count / sizes[i.Desirable].Count(),
                        }
                    );
                }),
        ];
    }

    private double Divergence(IReadOnlyList<KtoItem> part, bool remember) =>
        options.LossType switch
        {
            VerdictLoss.Kto => Kl(part),
            VerdictLoss.Bco => MeanReward(part, remember) / options.Beta,
            _ => 0,
        };

    /// <summary>max(0, mean log ratio of the foreign answers): the paper's biased but stable estimate from mismatched answers.</summary>
    private double Kl(IReadOnlyList<KtoItem> part)
    {
        TokenSequence[] foreign = IsFixed
            ? [.. part.Select(i => i.Mismatched!)]
            : [.. part.Select((item, i) => Foreign(item.Sequence, part[(i + part.Count - 1) % part.Count].Sequence))];
        return Math.Max(0, MeanLogRatio(foreign, [.. part.Select(i => IsFixed ? i.MismatchedReference : Absent)]));
    }

    /// <summary>Mean over all rewards so far, those of this part included.</summary>
    private double MeanReward(IReadOnlyList<KtoItem> part, bool remember)
    {
        var mean = options.Beta * MeanLogRatio([.. part.Select(i => i.Sequence)], [.. part.Select(i => i.Reference)]);
        var count = _rewards.Count + part.Count;
        var all = (_rewards.Mean + (mean - _rewards.Mean) * part.Count / count, count);
        _rewards = remember ? all : _rewards;
        return remember || _rewards.Count == 0 ? all.Item1 : _rewards.Mean;
    }

    private double MeanLogRatio(TokenSequence[] answers, double?[] known)
    {
        var own = AnswerSums.Plain(policy, answers);
        double[] other = known.All(k => k is not null) ? [.. known.Select(k => k!.Value)] : AnswerSums.Plain(reference!, answers);
        return own.Zip(other, (p, r) => p - r).Average();
    }

    private TokenSequence Mismatch(IReadOnlyList<(TokenSequence Sequence, bool Desirable)> answers, int index)
    {
        var own = answers[index].Sequence;
        for (var step = 1; step < answers.Count; step++)
        {
            var other = answers[(index + step) % answers.Count].Sequence;
            if (!other.Prompt.SequenceEqual(own.Prompt))
            {
                return Foreign(own, other);
            }
        }

        return own; // one prompt alone: its own answers are all there is
    }

    // Two rows within the limit may join to one beyond it: a long prompt and a long answer.
    private TokenSequence Foreign(TokenSequence own, TokenSequence other) =>
        new([.. own.Prompt, .. other.Answer[..Math.Min(other.AnswerLength, Math.Max(1, maxLength - own.AnswerStart))]], own.AnswerStart);
}
