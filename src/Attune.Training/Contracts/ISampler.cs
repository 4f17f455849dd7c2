using Attune.Core.Rollouts;
using Attune.Models.Architecture;

namespace Attune.Training.Contracts;

/// <summary>Draws the answers that methods learn from; every method samples through it.</summary>
public interface ISampler
{
    /// <summary>Takes over the policy's present weights; call after every change, or the samples are stale.</summary>
    ValueTask UseWeightsAsync(LanguageModel policy, long version, CancellationToken cancel);

    /// <summary>One rollout a request, in the order of the requests; a pure function of weights, request and options.</summary>
    ValueTask<IReadOnlyList<Rollout>> SampleAsync(IReadOnlyList<SampleRequest> requests, SamplingOptions options, CancellationToken cancel);
}
