using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Shares of problems solved by choosing one of n answers in several ways, from one set of answers.</summary>
internal sealed class SolutionFigures(IReadOnlyList<SolutionSet> sets, SolutionOptions options, Seed seed)
{
    /// <summary>By the product of a process reward model's steps.</summary>
    public const string Product = "product";

    /// <summary>By their minimum.</summary>
    public const string Minimum = "min";

    /// <summary>By an outcome model.</summary>
    public const string Last = "outcome";

    private readonly string? _voter =
        options.Process is not null ? Product
        : options.Outcome is not null ? Last
        : null;

    /// <summary>What the judges read badly.</summary>
    public required ImmutableArray<string> Notes { get; init; }

    /// <param name="problems">The answers to each.</param>
    /// <param name="owned">Takes what must be disposed in the end.</param>
    public static async Task<SolutionFigures> OfAsync(
        string kind,
        IReadOnlyList<Rollout[]> problems,
        SolutionOptions options,
        Encoder encoder,
        Seed seed,
        ICollection<IDisposable> owned,
        CancellationToken cancel
    )
    {
        var context = new RewardContext
        {
            Stage = kind + ".solutions",
            Encoder = encoder,
            Owned = owned,
        };
        var match = options.Match!;
        var right = match.Build(context);
        var judges = options.Judges.Select(j => (j.Name, Reward: j.Term.Build(context))).ToArray();
        var sets = new List<SolutionSet>();
        foreach (var answers in problems)
        {
            var scores = ImmutableSortedDictionary.CreateBuilder<string, ImmutableArray<double>>(StringComparer.Ordinal);
            foreach (var (name, reward) in judges)
            {
                scores[name] = [.. (await reward.ScoreAsync(answers, cancel)).Select(s => s.Total)];
            }

            sets.Add(
                new SolutionSet(
                    [.. answers.Select(a => match.ResultOf(a, encoder))],
                    [.. (await right.ScoreAsync(answers, cancel)).Select(s => s.Total > 0.5)],
                    scores.ToImmutable()
                )
            );
        }

        return new SolutionFigures(sets, options, seed) { Notes = [.. judges.SelectMany(j => j.Reward.Notes).Distinct()] };
    }

    /// <summary>The share solved with n answers by each way to choose, and half of its interval.</summary>
    public Metrics Measure(int n)
    {
        var metrics = new Metrics();
        foreach (var (chooser, solved) in SolutionChoice.Of(sets, n, options.Subsets, seed, _voter))
        {
            metrics.Set($"eval/solved/{chooser}", solved.Value);
            metrics.Set($"eval/solved_half_width/{chooser}", solved.HalfWidth);
        }

        return metrics;
    }
}
