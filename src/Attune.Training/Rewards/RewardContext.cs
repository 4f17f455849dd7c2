using Attune.Data.Encoding;
using Attune.Models.Weights;
using Attune.Training.Batches;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>What rewards are built from.</summary>
public sealed record RewardContext
{
    /// <summary>Whose reward it is, for messages.</summary>
    public required string Stage { get; init; }

    /// <summary>The policy's tokenizer and chat template.</summary>
    public required Encoder Encoder { get; init; }

    /// <summary>Takes what must be disposed in the end.</summary>
    public required ICollection<IDisposable> Owned { get; init; }

    /// <summary>Folder of the reward model that an earlier stage trained; null for none.</summary>
    public string? TrainedFolder { get; init; }

    /// <summary>Folder of the span models that an earlier stage trained, a folder each; null for none.</summary>
    public string? SpanFolder { get; init; }

    /// <summary>Used in place of the model in <see cref="TrainedFolder"/>, where it is trained while the policy learns.</summary>
    public IReward? Trained { get; init; }

    /// <summary>What the policy's frozen layers give, for reward models begun from the same layers; null where none are frozen.</summary>
    public FrozenLayerCache? Shared { get; init; }

    /// <summary>In which reward models are loaded.</summary>
    public Precision Precision { get; init; } = Precision.F32;

    internal RewardPlan Plan => new(Stage, TrainedFolder is not null || Trained is not null) { HasSpanModels = SpanFolder is not null };
}
