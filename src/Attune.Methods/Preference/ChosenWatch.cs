using System.Globalization;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;

namespace Attune.Methods.Preference;

/// <summary>
/// Notices when chosen answers become less likely than they were at the start. Losses on pairs only ask for a margin, which also grows
/// when both answers fall and the rejected one falls faster (Pal et al. 2024, arXiv:2402.13228; Razin et al. 2024, arXiv:2410.08847); the
/// probability goes to answers that nobody judged.
/// </summary>
public sealed class ChosenWatch
{
    /// <summary>Answers looked at: enough to tell a fall from noise, few enough to cost little.</summary>
    private const int Answers = 128;

    private readonly TokenSequence[] _chosen;
    private readonly LanguageModel _policy;
    private readonly double[] _start;

    /// <param name="chosen">Held-out chosen answers, or those of training where there are none.</param>
    /// <param name="policy">As it is before the first update; looked at again later.</param>
    public ChosenWatch(IEnumerable<TokenSequence> chosen, LanguageModel policy)
    {
        _policy = policy;
        _chosen = [.. chosen.Take(Answers)];
        _start = AnswerSums.Plain(policy, _chosen);
    }

    /// <summary>The update by which a fall was first seen; -1 while there was none.</summary>
    public long FellAt { get; private set; } = -1;

    /// <summary>Looks at the policy's present weights.</summary>
    /// <returns>The warning, the first time the fall is beyond noise (two standard errors, and 1% of the start); else null.</returns>
    public string? Look(long updates)
    {
        if (_chosen.Length < 2 || FellAt >= 0)
        {
            return null;
        }

        var now = AnswerSums.Plain(_policy, _chosen);
        var changes = now.Zip(_start, (n, s) => n - s).ToArray();
        var (mean, variance) = Moments.Of(changes);
        var fell = mean < -2 * Math.Sqrt(variance / (changes.Length - 1)) && mean < 0.01 * _start.Average();
        if (!fell)
        {
            return null;
        }

        FellAt = updates;
        return Warning(_start.Average(), now.Average());
    }

    private string Warning(double start, double now) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"warning: chosen answers became less likely: {start:f1} nats an answer at the start, {now:f1} after {FellAt} "
                + $"updates. The loss asks only that they lead the rejected ones, which they also do while both fall; the probability "
                + $"goes to answers that nobody judged. Look at samples and at reward on fresh answers; a larger beta, a smaller "
                + $"learning rate, fewer epochs, or weight on their likelihood (dpo: rpo_alpha) hold them up."
        );

    public IReadOnlyDictionary<string, double> State => new Dictionary<string, double> { ["chosen_fell_at"] = FellAt };

    public void Restore(IReadOnlyDictionary<string, double> state) => FellAt = (long)state["chosen_fell_at"];
}
