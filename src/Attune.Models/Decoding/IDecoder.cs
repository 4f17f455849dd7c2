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

    /// <summary>Decodes what the queue gives, until it ends. Jobs that come while others are decoded join them.</summary>
    /// <param name="slots">Answers decoded together.</param>
    /// <param name="capacity">Most tokens of a prompt and its answer. The cache takes slots * capacity tokens of memory.</param>
    /// <param name="weightVersion">Written into the rollouts.</param>
    /// <exception cref="AttuneException">The logits are not finite numbers. Jobs under way are informed, and the decoder stays
    /// usable.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two tokens. Jobs under way are informed.</exception>
    void Run(IDecodeQueue queue, int slots, int capacity, long weightVersion, CancellationToken cancel);

    /// <summary>Refuses a job that this decoder cannot do in such room.</summary>
    /// <param name="capacity">As given to <see cref="Run"/>.</param>
    /// <exception cref="AttuneException">Says what cannot work.</exception>
    void Check(DecodeJob job, int capacity);

    /// <summary>Makes room for so many texts of such a length, keeping what is large enough already.</summary>
    void Prepare(int slots, int capacity);
}
