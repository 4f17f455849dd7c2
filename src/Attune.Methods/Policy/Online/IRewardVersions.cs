using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Training.Rewards;

namespace Attune.Methods.Policy.Online;

/// <summary>
/// The reward models of a run, one a refresh, kept so that a resumed run goes on with the newest. Refreshes count from 0.
/// </summary>
public interface IRewardVersions
{
    bool Has(int refresh);

    /// <summary>Keeps a model whole or not at all.</summary>
    /// <param name="figures">What was measured of the refresh.</param>
    void Save(int refresh, RewardModel model, IReadOnlyDictionary<string, double> figures);

    RewardModel Load(int refresh);

    /// <summary>What was measured of the refresh.</summary>
    ValueTask<IReadOnlyDictionary<string, double>> FiguresAsync(int refresh, CancellationToken cancel);
}

/// <summary>Trains reward models on labels.</summary>
public interface IRewardFit
{
    /// <returns>The model, and its accuracy on labels kept aside; null where there are none.</returns>
    Task<(RewardModel Model, double? Accuracy)> TrainAsync(int refresh, ImmutableArray<Choice> labels, CancellationToken cancel);

    /// <summary>
    /// Share of the labels whose best answer the model puts strictly above all others; null where none of them can be read.
    /// </summary>
    double? Accuracy(RewardModel model, IReadOnlyList<Choice> labels);
}
