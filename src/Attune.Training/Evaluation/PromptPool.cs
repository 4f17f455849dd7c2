using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;

namespace Attune.Training.Evaluation;

/// <summary>Prompts to sample from, encoded once, with their text for people to read.</summary>
public sealed class PromptPool(IReadOnlyList<(Prompt Prompt, ImmutableArray<int> Tokens)> prompts)
{
    private (Seed Seed, long Epoch)? _shuffled;
    private int[] _order = [];

    public int Count => prompts.Count;

    public Prompt this[int index] => prompts[index].Prompt;

    /// <summary>The prompts from <paramref name="first"/> on.</summary>
    public PromptPool From(int first) => new([.. prompts.Skip(first)]);

    /// <summary>A request for the prompt at <paramref name="index"/>.</summary>
    public SampleRequest Request(int index, Seed seed) => new(prompts[index].Tokens, seed) { Columns = prompts[index].Prompt.Columns };

    /// <summary>
    /// <paramref name="count"/> requests, shuffled again for each pass over the prompts; a pure function of seed and
    /// <paramref name="first"/>.
    /// </summary>
    /// <param name="first">Requests made before these.</param>
    /// <param name="perPrompt">Consecutive requests that share a prompt.</param>
    public IReadOnlyList<SampleRequest> Draw(Seed seed, long first, int count, int perPrompt = 1)
    {
        var requests = new SampleRequest[count];
        for (var i = 0; i < count; i++)
        {
            requests[i] = Request(Place(seed, (first + i) / perPrompt), seed.For("rollout", first + i));
        }

        return requests;
    }

    /// <summary>The places in the pool of the prompts that <see cref="Draw"/> asks about, one for each that it asks about.</summary>
    /// <param name="count">Prompts.</param>
    public IReadOnlyList<int> Places(Seed seed, long first, int count, int perPrompt = 1) =>
        [.. Enumerable.Range(0, count).Select(i => Place(seed, first / perPrompt + i))];

    private int Place(Seed seed, long number)
    {
        var epoch = number / prompts.Count;
        if (_shuffled != (seed, epoch))
        {
            _order = seed.For("prompts", epoch).Rng().Permutation(prompts.Count);
            _shuffled = (seed, epoch);
        }

        return _order[number % prompts.Count];
    }
}
