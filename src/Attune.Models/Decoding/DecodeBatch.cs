using System.Collections.Immutable;

namespace Attune.Models.Decoding;

/// <summary>Which job sits in which slot, what each pass computes, and what becomes of the drawn tokens.</summary>
internal sealed unsafe class DecodeBatch(IDecodeQueue queue, DecodeSlot[] slots, ForwardPass pass, long weightVersion)
{
    // Fewer are computed sooner than waited for.
    private const int LeastShared = 8;

    private readonly DrawnToken[] _draws = new DrawnToken[pass.MaxOutputs];
    private readonly ImmutableArray<DrawnToken>[] _likeliest = new ImmutableArray<DrawnToken>[pass.MaxOutputs];
    private int _taken;

    /// <summary>Prompt tokens that were computed, those copied from another text not counted.</summary>
    internal long PromptTokensRead { get; private set; }

    /// <summary>Lets waiting jobs in and lays out the next pass: one row for each answer under way, the rest for prompts.</summary>
    /// <returns>False where nothing is left to do.</returns>
    internal bool Fill()
    {
        pass.Clear();
        DropAbandoned();
        for (var i = 0; i < slots.Length; i++)
        {
            // Before a slot is taken again: others may still wait for what it holds.
            CopyIfReady(i);
        }

        TakeWaiting();
        for (var i = 0; i < slots.Length; i++)
        {
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

        return _taken > 0;
    }

    /// <summary>A worker's share of the drawing, after the pass.</summary>
    internal void Draw(TokenSampler sampler, int worker, int workers)
    {
        for (var output = worker; output < pass.OutputCount; output += workers)
        {
            var slot = SlotOf(output);
            _draws[output] = PromptTokenAfter(output) is { } given
                ? sampler.Given(pass.Logits(output), slot.Job!.Options, given)
                : sampler.Next(pass.Logits(output), slot.Job!.Options, slot.Drawn, slot.Rng!);
            _likeliest[output] = slot.Job.Alternatives == 0 ? [] : sampler.MostLikely(pass.Logits(output), slot.Job.Alternatives);
        }
    }

    /// <summary>Appends what was drawn; answers that end leave.</summary>
    internal void Advance()
    {
        for (var output = 0; output < pass.OutputCount; output++)
        {
            var slot = SlotOf(output);
            if (PromptTokenAfter(output) is not null)
            {
                slot.Job!.OnPrompt(_draws[output], _likeliest[output]);
                continue;
            }

            slot.Append(_draws[output], _likeliest[output]);
            if (slot.FinishIfEnded(weightVersion))
            {
                _taken--;
            }
        }
    }

    /// <summary>Tells every job under way that there will be no answer.</summary>
    internal void Fail(Exception problem)
    {
        foreach (var slot in slots)
        {
            slot.Job?.OnFailed(problem);
        }
    }

    private DecodeSlot SlotOf(int output) => slots[pass.Slots[pass.OutputRows[output]]];

    /// <summary>The prompt token that an output's logits foretell; null where what follows is to be drawn.</summary>
    private int? PromptTokenAfter(int output)
    {
        var next = pass.Positions[pass.OutputRows[output]] + 1;
        return next < SlotOf(output).Prompt.Length ? SlotOf(output).Prompt[next] : null;
    }

    private void DropAbandoned()
    {
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i].Job is not { IsAbandoned: true })
            {
                continue;
            }

            slots[i].Leave();
            _taken--;
            foreach (var other in slots)
            {
                if (other.Source == i)
                {
                    other.WaitForNoMoreThan(slots[i].PromptRead);
                }
            }
        }
    }

    private void TakeWaiting()
    {
        for (var i = 0; i < slots.Length; i++)
        {
            if (!slots[i].IsFree)
            {
                continue;
            }

            if (queue.Next(idle: _taken == 0) is not { } job)
            {
                return;
            }

            Take(i, job);
            _taken++;
        }
    }

    /// <summary>
    /// Gives a slot a job. What a text in the cache begins with as well is not read again: samples of one prompt read it once.
    /// </summary>
    private void Take(int index, DecodeJob job)
    {
        var prompt = job.Request.Prompt;
        var own = Common(slots[index].Prompt, prompt);
        slots[index].Take(job);
        if (job.ReportsPrompt)
        {
            return;
        }

        var (best, shared) = (index, own);
        for (var i = 0; i < slots.Length; i++)
        {
            var common = i == index ? 0 : Common(slots[i].Prompt, prompt);
            (best, shared) = common > shared ? (i, common) : (best, shared);
        }

        if (shared >= LeastShared)
        {
            slots[index].WaitFor(best, shared);
            CopyIfReady(index);
        }
    }

    /// <summary>The last token is always read: the answer begins with what follows it.</summary>
    private static int Common(ImmutableArray<int> held, ImmutableArray<int> wanted) =>
        Math.Min(held.AsSpan().CommonPrefixLength(wanted.AsSpan()), wanted.Length - 1);

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
        var tells = slot.Job!.ReportsPrompt;
        // The slots after this one may each come to the end of their prompts in this pass.
        var outputs = tells ? pass.MaxOutputs - slots.Skip(index + 1).Count(s => !s.IsFree && !s.HasReadPrompt) : pass.MaxOutputs;
        while (!slot.HasReadPrompt && pass.Count < pass.Rows && pass.OutputCount < outputs)
        {
            pass.Add(index, slot.PromptRead, slot.Prompt[slot.PromptRead]);
            slot.PromptRead++;
            if (tells || slot.HasReadPrompt)
            {
                pass.AskForLogits();
            }
        }

        PromptTokensRead += slot.PromptRead - before;
    }
}
