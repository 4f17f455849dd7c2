using System.Collections.Immutable;
using Attune.Core.Rollouts;

namespace Attune.Models.Decoding;

/// <summary>Which request sits in which slot, what each pass computes, and what becomes of the drawn tokens.</summary>
internal sealed unsafe class DecodeBatch(
    IReadOnlyList<SampleRequest> requests, SamplingOptions options, DecodeSlot[] slots, StopTexts stops, ForwardPass pass, long weightVersion)
{
    // Fewer are computed sooner than waited for.
    private const int LeastShared = 8;

    private readonly Rollout[] _results = new Rollout[requests.Count];
    private readonly Draw[] _draws = new Draw[slots.Length];
    private int _next;

    internal IReadOnlyList<Rollout> Results => _results;

    /// <summary>Answers complete.</summary>
    internal int Finished { get; private set; }

    /// <summary>Prompt tokens that were computed, those copied from another text not counted.</summary>
    internal long PromptTokensRead { get; private set; }

    /// <summary>Lets waiting requests in and lays out the next pass: one row for each answer under way, the rest for prompts.</summary>
    internal void Fill()
    {
        pass.Clear();
        for (var i = 0; i < slots.Length; i++)
        {
            // Before a slot is taken again: others may still wait for what it holds.
            CopyIfReady(i);
        }

        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i].IsFree && _next < requests.Count)
            {
                Take(i, requests[_next]);
                _next++;
            }

            if (!slots[i].IsFree && slots[i].HasReadPrompt)
            {
                pass.Add(i, slots[i].Prompt.Length + slots[i].Drawn - 1, slots[i].LastToken);
                pass.AskForLogits();
            }
        }

        for (var i = 0; i < slots.Length && pass.Count < pass.Rows; i++)
        {
            if (!slots[i].IsFree && !slots[i].HasReadPrompt && slots[i].Source < 0)
            {
                ReadPrompt(i, slots[i]);
            }
        }
    }

    /// <summary>A worker's share of the drawing, after the pass.</summary>
    internal void Draw(TokenSampler sampler, int worker, int workers)
    {
        for (var output = worker; output < pass.OutputCount; output += workers)
        {
            var slot = slots[pass.Slots[pass.OutputRows[output]]];
            _draws[output] = sampler.Next(pass.Logits(output), options, slot.Drawn, slot.Chance!);
        }
    }

    /// <summary>Appends what was drawn; answers that end leave.</summary>
    internal void Advance()
    {
        for (var output = 0; output < pass.OutputCount; output++)
        {
            var slot = slots[pass.Slots[pass.OutputRows[output]]];
            slot.Append(_draws[output]);
            if (slot.Ending(options, stops) is { } reason)
            {
                var request = slot.Request;
                _results[request] = slot.Finish(reason, weightVersion);
                Finished++;
            }
        }
    }

    /// <summary>Gives a slot a request. What a text in the cache begins with as well is not read again: samples of one prompt read it once.</summary>
    private void Take(int index, SampleRequest request)
    {
        var own = Common(slots[index].Prompt, request.Prompt);
        slots[index].Take(_next, request);
        var (best, shared) = (index, own);
        for (var i = 0; i < slots.Length; i++)
        {
            var common = i == index ? 0 : Common(slots[i].Prompt, request.Prompt);
            (best, shared) = common > shared ? (i, common) : (best, shared);
        }

        if (shared >= LeastShared)
        {
            slots[index].WaitFor(best, shared);
            CopyIfReady(index);
        }
    }

    /// <summary>The last token is always read: the answer begins with what follows it.</summary>
    private static int Common(ImmutableArray<int> held, ImmutableArray<int> wanted) => Math.Min(held.AsSpan().CommonPrefixLength(wanted.AsSpan()), wanted.Length - 1);

    private void CopyIfReady(int index)
    {
        var slot = slots[index];
        if (slot.Source == index)
        {
            slot.StopWaiting();
        }
        else if (slot.Source >= 0 && slots[slot.Source].PromptRead >= slot.Shared)
        {
            pass.Copy(slot.Source, index, slot.Shared);
            slot.StopWaiting();
        }
    }

    private void ReadPrompt(int index, DecodeSlot slot)
    {
        var before = slot.PromptRead;
        while (!slot.HasReadPrompt && pass.Count < pass.Rows)
        {
            pass.Add(index, slot.PromptRead, slot.Prompt[slot.PromptRead]);
            slot.PromptRead++;
        }

        PromptTokensRead += slot.PromptRead - before;
        if (slot.HasReadPrompt)
        {
            pass.AskForLogits();
        }
    }
}
