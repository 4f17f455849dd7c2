using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Methods.Preference;

/// <summary>How the negative log-likelihood of answers is averaged over an update.</summary>
public enum NllMean
{
    /// <summary>Over the tokens of each answer, then over the answers: each answer counts alike.</summary>
    Answer,

    /// <summary>Over all answer tokens: each token counts alike.</summary>
    Token,
}

/// <summary>The group of options of methods whose loss looks at an update as a whole.</summary>
public sealed record UpdateStatistics
{
    [Description(
        "items over which the statistics of an update are taken (means over tokens, sorted margins, KL): 0 for the whole update; TRL "
            + "takes them over per_device_train_batch_size items in their order"
    )]
    [Range(0, 1_000_000)]
    public int StatisticsBatch { get; init; }

    /// <summary>The items of an update in the parts that are looked at together.</summary>
    public IEnumerable<T[]> Parts<T>(IReadOnlyList<T> update) => update.Chunk(StatisticsBatch > 0 ? StatisticsBatch : update.Count);

    /// <summary>Sets <see cref="PreferencePair.TokenShare"/>, part by part.</summary>
    internal IReadOnlyList<PreferencePair> WithTokenShares(IReadOnlyList<PreferencePair> update, NllMean mean) =>
        mean == NllMean.Answer ? update : WithTokenShares(update, p => p.Pair.Chosen.AnswerLength);

    /// <param name="tokens">Tokens of a pair that the mean is taken over; with uncertain labels, of what is imitated on average.</param>
    internal IReadOnlyList<PreferencePair> WithTokenShares(IReadOnlyList<PreferencePair> update, Func<PreferencePair, int> tokens) =>
        [
            .. Parts(update)
                .SelectMany(part =>
                {
                    double Turned(PreferencePair p) => p.Pair.Probability == 1 ? 0 : tokens(p.Turned());
                    var average = part.Average(p => p.Pair.Probability * tokens(p) + (1 - p.Pair.Probability) * Turned(p));
                    return part.Select(p => p with { TokenShare = tokens(p) / average, TurnedShare = Turned(p) / average });
                }),
        ];
}
