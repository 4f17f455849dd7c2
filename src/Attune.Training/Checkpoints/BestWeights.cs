using Attune.Core;
using Attune.Core.Runs;
using Attune.Training.Optimisation;

namespace Attune.Training.Checkpoints;

/// <summary>Keeps the weights that were best on held-out data, on disk, so that a run that goes on knows them too.</summary>
internal sealed class BestWeights(DirectoryCheckpoints checkpoints)
{
    /// <summary>What decides, the first that is measured; a minus where more is better.</summary>
    private static readonly (string Metric, int Sign)[] Deciding =
    [
        ("eval_loss", 1),
        ("eval_accuracy", -1),
        ("validation/proxy_reward", -1),
        ("eval/proxy_reward", -1),
    ];

    private (double Score, long Updates)? _best = checkpoints.ReadBest();

    /// <summary>After which update; null before the first was measured.</summary>
    public long? Updates => _best?.Updates;

    /// <summary>Keeps the present weights where they are better than all before; figures of no evaluation are passed over.</summary>
    public void Offer(Metrics measured, IReadOnlyList<AdamState> parts, Progress progress)
    {
        var found = Deciding.FirstOrDefault(d => measured.Contains(d.Metric));
        if (found.Metric is null || _best is { } best && !(found.Sign * measured[found.Metric] < best.Score))
        {
            return;
        }

        _best = (found.Sign * measured[found.Metric], progress.Updates);
        checkpoints.SaveBest(parts, progress, _best.Value.Score);
    }

    /// <summary>Puts the best weights in place of the present ones.</summary>
    /// <exception cref="ConfigurationException">Nothing was measured.</exception>
    public void Use(IReadOnlyList<AdamState> parts)
    {
        if (_best is null)
        {
            throw new ConfigurationException(
                "keep_best is on, but nothing was measured on held-out data. Expected held-out rows, or keep_best: false."
            );
        }

        checkpoints.RestoreBest(parts);
    }
}
