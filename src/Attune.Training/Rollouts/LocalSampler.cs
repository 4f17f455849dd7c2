using Attune.Core.Rollouts;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Training.Contracts;

namespace Attune.Training.Rollouts;

/// <summary>
/// Samples in this process, with the rollout engine, or by libtorch where the policy is on a GPU. Weights are packed again at each
/// <see cref="UseWeightsAsync"/>.
/// </summary>
public sealed class LocalSampler : ISampler, IDisposable
{
    private IDecoder? _engine;
    private TorchDecoder? _mixer;
    private IDecoder? _current;
    private long _version;

    /// <summary>
    /// What the engine multiplies in: exact 32 bits; bfloat16 at twice the speed and with log-probabilities that differ by about a
    /// hundredth; or weights quantised to 8 or 4 bits, which gives the log-probabilities of a coarser model. On a GPU it is not looked at.
    /// </summary>
    public KernelType Type { get; init; }

    /// <summary>Reads answers for stop sequences; not needed without them.</summary>
    public TokenDecoder? Decode { get; init; }

    /// <summary>Receives the number of finished answers of the present call.</summary>
    public IProgress<int>? Finished { get; init; }

    public ValueTask UseWeightsAsync(LanguageModel policy, long version, CancellationToken cancel)
    {
        _engine ??= Decoders.For(policy, Decode, type: Type);
        _engine.Load(policy);
        (_current, _version) = (_engine, version);
        return ValueTask.CompletedTask;
    }

    /// <summary>Drawn by libtorch, which runs both models side by side.</summary>
    public ValueTask UseMixtureAsync(LanguageModel policy, LanguageModel other, double share, long version, CancellationToken cancel)
    {
        if (share is 0 or 1)
        {
            return UseWeightsAsync(share == 0 ? policy : other, version, cancel);
        }

        _mixer ??= new TorchDecoder(policy.Config, Decode);
        _mixer.Load(policy, other, share);
        (_current, _version) = (_mixer, version);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<Rollout>> SampleAsync(
        IReadOnlyList<SampleRequest> requests,
        SamplingOptions options,
        CancellationToken cancel
    ) =>
        _current is null
            ? throw new InvalidOperationException("no weights yet: call UseWeightsAsync first.")
            : ValueTask.FromResult(_current.Sample(requests, options, _version, Finished, cancel));

    public void Dispose()
    {
        _engine?.Dispose();
        _mixer?.Dispose();
    }
}
