using Attune.Core.Rollouts;
using Attune.Models.Architecture;

namespace Attune.Training.Contracts;

/// <summary>Draws the answers that methods learn from; every method samples through it.</summary>
public interface ISampler
{
    /// <summary>Takes over the policy's present weights; call after every change, or the samples are stale.</summary>
    ValueTask UseWeightsAsync(LanguageModel policy, long version, CancellationToken cancel);

    /// <summary>
    /// Takes over the geometric mixture policy^(1 - share) other^share, normalised token by token, until <see cref="UseWeightsAsync"/> is
    /// called again. A share of 0 or 1 is one model alone.
    /// </summary>
    ValueTask UseMixtureAsync(LanguageModel policy, LanguageModel other, double share, long version, CancellationToken cancel) =>
        share switch
        {
            0 => UseWeightsAsync(policy, version, cancel),
            1 => UseWeightsAsync(other, version, cancel),
            _ => throw new NotSupportedException($"{GetType().Name} draws from one model at a time."),
        };

    /// <summary>One rollout a request, in the order of the requests; a pure function of weights, request and options.</summary>
    ValueTask<IReadOnlyList<Rollout>> SampleAsync(IReadOnlyList<SampleRequest> requests, SamplingOptions options, CancellationToken cancel);
}
