using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Models.Architecture;

namespace Attune.Models.Decoding;

/// <summary>Draws answers with its own copy of a model's weights. One caller at a time.</summary>
public interface IDecoder : IDisposable
{
    /// <summary>Copies the model's weights as they are now.</summary>
    void Load(LanguageModel model);

    /// <summary>Draws one answer per request, in the order of the requests.</summary>
    /// <param name="weightVersion">Written into the rollouts.</param>
    /// <param name="finished">Receives the number of complete answers, each time one is complete.</param>
    /// <exception cref="AttuneException">Options or a request cannot work, or the logits are not finite numbers.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two tokens.</exception>
    IReadOnlyList<Rollout> Sample(
        IReadOnlyList<SampleRequest> requests,
        SamplingOptions options,
        long weightVersion,
        IProgress<int>? finished,
        CancellationToken cancel
    );
}
