using Attune.Core.Rollouts;
using Attune.Models.Architecture;

namespace Attune.Training.Contracts;

/// <summary>The one rollout path: the local engine, or a remote server.</summary>
public interface ISampler
{
    /// <summary>Takes over the policy's present weights; call after every change, or the samples are stale.</summary>
    ValueTask UseWeightsAsync(LanguageModel policy, long version, CancellationToken cancel);

    /// <summary>One rollout a request, in the order of the requests; a pure function of weights, request and options.</summary>
    ValueTask<IReadOnlyList<Rollout>> SampleAsync(IReadOnlyList<SampleRequest> requests, SamplingOptions options, CancellationToken cancel);
}
