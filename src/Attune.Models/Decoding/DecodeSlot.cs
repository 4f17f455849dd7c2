using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;

namespace Attune.Models.Decoding;

/// <summary>A place in the batch: one job at a time, then the next.</summary>
/// <param name="decode">Reads answers for stop sequences; null where there are none.</param>
internal sealed class DecodeSlot(TokenDecoder? decode)
{
    private int[] _answer = [];
    private float[] _logProbs = [];
    private ImmutableArray<int>[] _support = [];
    private StopTexts? _stops;

    /// <summary>Null where the slot is free.</summary>
    internal DecodeJob? Job { get; private set; }

    /// <summary>After the answer is finished the cache still holds it, until the slot is taken again.</summary>
    internal ImmutableArray<int> Prompt { get; private set; } = [];
    internal Rng? Rng { get; private set; }

    /// <summary>Prompt tokens that the cache holds.</summary>
    internal int PromptRead { get; set; }

    /// <summary>The slot whose prompt begins as this one's does and is being read; -1 where nothing is waited for.</summary>
    internal int Source { get; private set; } = -1;

    /// <summary>Tokens that both prompts begin with.</summary>
    internal int Shared { get; private set; }

    /// <summary>Answer tokens drawn.</summary>
    internal int Drawn { get; private set; }

    internal bool IsFree => Job is null;
    internal bool HasReadPrompt => PromptRead == Prompt.Length;

    /// <summary>The prompt and what was drawn.</summary>
    internal ImmutableArray<int> SoFar => [.. Prompt, .. Answer];
    internal int LastToken => _answer[Drawn - 1];
    private bool ReportsSupport => Job!.Options is { ReportSupport: true, Cuts: true };
    private ReadOnlySpan<int> Answer => _answer.AsSpan(0, Drawn);

    internal void Take(DecodeJob job)
    {
        _stops = new StopTexts(job.Options, decode);
        (Job, Prompt, Rng) = (job, job.Request.Prompt, job.Request.Seed.Rng());
        (PromptRead, Drawn) = (0, 0);
        if (_answer.Length < job.Options.MaxNewTokens)
        {
            (_answer, _logProbs) = (new int[job.Options.MaxNewTokens], new float[job.Options.MaxNewTokens]);
        }

        _support = ReportsSupport ? new ImmutableArray<int>[job.Options.MaxNewTokens] : [];
    }

    internal void WaitFor(int source, int shared) => (Source, Shared) = (source, shared);

    /// <summary>The source holds no more than this, and will read no further.</summary>
    internal void WaitForNoMoreThan(int tokens) => Shared = Math.Min(Shared, tokens);

    /// <summary>The cache has the shared tokens now.</summary>
    internal void StopWaiting() => (Source, PromptRead) = (-1, Shared);

    internal void Append(DrawnToken drawn, ImmutableArray<DrawnToken> likeliest)
    {
        (_answer[Drawn], _logProbs[Drawn]) = (drawn.Token, drawn.LogProb);
        if (ReportsSupport)
        {
            _support[Drawn] = drawn.Support;
        }

        Drawn++;
        Job!.OnDrawn(drawn, likeliest);
    }

    /// <summary>Hands the answer over and frees the slot, if the last token ends it.</summary>
    internal bool FinishIfEnded(long weightVersion)
    {
        if (Ending() is not { } reason)
        {
            return false;
        }

        var (job, reports) = (Job!, ReportsSupport);
        Job = null;
        job.OnFinished(
            new Rollout(new TokenSequence([.. Prompt, .. Answer], Prompt.Length), [.. _logProbs.AsSpan(0, Drawn)], reason, weightVersion)
            {
                Columns = job.Request.Columns,
                Support = reports ? [.. _support.AsSpan(0, Drawn)] : default,
            }
        );
        return true;
    }

    /// <summary>Frees the slot in the middle of an answer. Of the prompt the cache holds what was read.</summary>
    internal void Leave()
    {
        (Job, Source) = (null, -1);
        Prompt = Prompt[..PromptRead];
    }

    private StopReason? Ending() =>
        LastToken == Job!.Options.EndToken ? StopReason.EndToken
        : _stops!.EndsIn(Answer) ? StopReason.StopSequence
        : Drawn == Job.Options.MaxNewTokens ? StopReason.Length
        : null;
}
