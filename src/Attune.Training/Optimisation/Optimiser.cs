using Attune.Core.Runs;

namespace Attune.Training.Optimisation;

/// <summary>AdamW over groups of learners.</summary>
public sealed class Optimiser : IDisposable
{
    private readonly (LearnerGroup Group, AdamW Adam)[] _groups;
    private readonly OptimiserOptions _options;

    public Optimiser(IReadOnlyList<LearnerGroup> groups, OptimiserOptions options)
    {
        _options = options;
        _groups = [.. groups.Select(g => (g, new AdamW(g.Learners, options)))];
        Parts = [.. _groups.SelectMany(g => g.Adam.Parts)];
    }

    /// <summary>What checkpoints hold, in the order of the groups.</summary>
    public IReadOnlyList<AdamState> Parts { get; }

    /// <summary>Between microbatches.</summary>
    public void Gather()
    {
        foreach (var (_, adam) in _groups)
        {
            adam.Gather();
        }
    }

    /// <summary>Updates every group that has begun from its accumulated gradient, then zeroes all gradients.</summary>
    /// <param name="update">0 for the first.</param>
    /// <param name="planned">updates in all</param>
    /// <param name="metrics">takes gradient norms before clipping, and learning rates</param>
    /// <returns>False where a gradient is not finite; then nothing was changed.</returns>
    public bool Step(long update, long planned, Schedule schedule, Metrics metrics)
    {
        var begun = _groups.Where(g => update >= g.Group.Delay).Select(g => (g.Group, g.Adam, Squares: g.Adam.Squares())).ToArray();
        var together = Math.Sqrt(begun.Where(g => g.Group.MaxGradientNorm is null).Sum(g => g.Squares));
        if (!double.IsFinite(begun.Sum(g => g.Squares)))
        {
            return false;
        }

        foreach (var (group, _) in _groups.Where(g => update < g.Group.Delay))
        {
            metrics.Set(NameOf(group, "learning_rate"), 0);
        }

        foreach (var (group, adam, squares) in begun)
        {
            var norm = group.MaxGradientNorm is null ? together : Math.Sqrt(squares);
            var own = schedule with { Peak = group.LearningRate ?? schedule.Peak };
            var rate = own.At(update - group.Delay, planned - group.Delay);
            adam.Apply(update - group.Delay + 1, rate, AdamW.Clip(norm, group.MaxGradientNorm ?? _options.MaxGradientNorm));
            // The main group's is the norm that it was clipped by, so that one curve tells of the whole where there is one limit.
            metrics.Set(NameOf(group, "grad_norm"), group.Name.Length == 0 ? norm : Math.Sqrt(squares));
            metrics.Set(NameOf(group, "learning_rate"), rate);
        }

        foreach (var (_, adam) in _groups.Where(g => update < g.Group.Delay))
        {
            adam.Discard();
        }

        return true;
    }

    public void Dispose()
    {
        foreach (var (_, adam) in _groups)
        {
            adam.Dispose();
        }
    }

    private static string NameOf(LearnerGroup group, string metric) => group.Name.Length == 0 ? metric : $"{group.Name}/{metric}";
}
