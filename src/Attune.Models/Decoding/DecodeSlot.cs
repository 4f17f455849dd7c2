using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;

namespace Attune.Models.Decoding;

/// <summary>A place in the batch: one request at a time, then the next.</summary>
internal sealed class DecodeSlot(int longest)
{
    private readonly int[] _answer = new int[longest];
    private readonly float[] _logProbs = new float[longest];

    /// <summary>The request's place in the caller's list; -1 where the slot is free.</summary>
    internal int Request { get; private set; } = -1;
    /// <summary>After the answer is finished the cache still holds it, until the slot is taken again.</summary>
    internal ImmutableArray<int> Prompt { get; private set; } = [];
    internal Chance? Chance { get; private set; }

    /// <summary>Prompt tokens that the cache holds.</summary>
    internal int PromptRead { get; set; }

    /// <summary>The slot whose prompt begins as this one's does and is being read; -1 where nothing is waited for.</summary>
    internal int Source { get; private set; } = -1;

    /// <summary>Tokens that both prompts begin with.</summary>
    internal int Shared { get; private set; }

    /// <summary>Answer tokens drawn.</summary>
    internal int Drawn { get; private set; }

    internal bool IsFree => Request < 0;
    internal bool HasReadPrompt => PromptRead == Prompt.Length;
    internal int LastToken => _answer[Drawn - 1];
    internal ReadOnlySpan<int> Answer => _answer.AsSpan(0, Drawn);

    internal void Take(int request, SampleRequest what)
    {
        (Request, Prompt, Chance) = (request, what.Prompt, what.Seed.Chance());
        (PromptRead, Drawn) = (0, 0);
    }

    internal void WaitFor(int source, int shared) => (Source, Shared) = (source, shared);

    /// <summary>The cache has the shared tokens now.</summary>
    internal void StopWaiting() => (Source, PromptRead) = (-1, Shared);

    internal void Append(Draw draw)
    {
        (_answer[Drawn], _logProbs[Drawn]) = (draw.Token, draw.LogProb);
        Drawn++;
    }

    /// <summary>Why the answer ends here; null where it goes on.</summary>
    internal StopReason? Ending(SamplingOptions options, StopTexts stops) =>
        LastToken == options.EndToken ? StopReason.EndToken
        : stops.EndsIn(Answer) ? StopReason.StopSequence
        : Drawn == options.MaxNewTokens ? StopReason.Length
        : null;

    internal Rollout Finish(StopReason reason, long weightVersion)
    {
        Request = -1;
        return new Rollout(new TokenSequence([.. Prompt, .. Answer], Prompt.Length), [.. _logProbs.AsSpan(0, Drawn)], reason, weightVersion);
    }
}
