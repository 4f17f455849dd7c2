using System.Collections.Immutable;
using Attune.Core.Rollouts;

namespace Attune.Models.Decoding;

/// <summary>A drawn token, or one that might have been.</summary>
/// <param name="LogProb">Nats, under the distribution before it was cut.</param>
public readonly record struct DrawnToken(int Token, float LogProb)
{
    /// <summary>The ids that could have been drawn, in rising order; default where that is not asked for, or all could.</summary>
    public ImmutableArray<int> Support { get; init; }
}

/// <summary>
/// An answer to draw, and what happens with its tokens. The thread that decodes calls its methods between two tokens, so they are quick
/// and do not throw.
/// </summary>
/// <param name="options">Of this answer alone; the batch size is not looked at.</param>
public abstract class DecodeJob(SampleRequest request, SamplingOptions options)
{
    public SampleRequest Request => request;
    public SamplingOptions Options => options;

    /// <summary>How many of the likeliest tokens are reported beside each drawn one; 0 for none.</summary>
    public int Alternatives { get; init; }

    /// <summary>
    /// Whether the prompt's own tokens are reported too. The prompt is then read from its first token, even where the cache holds a part of
    /// it.
    /// </summary>
    public bool ReportsPrompt { get; init; }

    /// <summary>True once the answer is no longer wanted: it leaves the batch, and no further methods are called.</summary>
    public virtual bool IsAbandoned => false;

    /// <summary>A token of the prompt, those after the first in their order; before anything is drawn.</summary>
    /// <param name="given">With its log-probability given those before it.</param>
    public virtual void OnPrompt(DrawnToken given, ImmutableArray<DrawnToken> likeliest) { }

    /// <param name="likeliest">The likeliest tokens first, as many as <see cref="Alternatives"/>, log-probabilities before any cut.</param>
    public virtual void OnDrawn(DrawnToken drawn, ImmutableArray<DrawnToken> likeliest) { }

    public abstract void OnFinished(Rollout rollout);

    /// <summary>Decoding broke off; there is no answer.</summary>
    public virtual void OnFailed(Exception problem) { }
}

/// <summary>Where a decoder takes its answers from: a list, or requests as they arrive.</summary>
public interface IDecodeQueue
{
    /// <summary>The next answer to begin. Asked between two tokens whenever there is room for one.</summary>
    /// <param name="idle">Nothing is being decoded, so there is time to wait until something is to do.</param>
    /// <returns>Null where none waits at the moment; if idle, where there will never be one again.</returns>
    DecodeJob? Next(bool idle);
}

/// <summary>A list of requests with the same options, and the answers in the same order.</summary>
internal sealed class RequestList(IReadOnlyList<SampleRequest> requests, SamplingOptions options, IProgress<int>? progress) : IDecodeQueue
{
    private readonly Rollout[] _results = new Rollout[requests.Count];
    private int _next;
    private int _finished;

    internal IReadOnlyList<Rollout> Results => _results;

    public DecodeJob? Next(bool idle) => _next == requests.Count ? null : new Job(this, _next++);

    private sealed class Job(RequestList list, int index) : DecodeJob(list.Request(index), list.Options)
    {
        public override void OnFinished(Rollout rollout)
        {
            list._results[index] = rollout;
            list._finished++;
            list.Progress?.Report(list._finished);
        }
    }

    private SamplingOptions Options => options;
    private IProgress<int>? Progress => progress;

    private SampleRequest Request(int index) => requests[index];
}
