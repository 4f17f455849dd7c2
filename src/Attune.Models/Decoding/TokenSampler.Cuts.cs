using System.Collections.Immutable;
using System.Numerics;
using Attune.Core.Rollouts;
using Attune.Kernels;

namespace Attune.Models.Decoding;

// Drawing from what top-k, top-p and min-p leave.
internal sealed unsafe partial class TokenSampler
{
    private int DrawnFromCut(SamplingOptions options, double total, double point)
    {
        var candidates = _keys.AsSpan(0, Candidates(options, total));
        if (options.TopK > 0 && options.TopK < candidates.Length)
        {
            Selection.LargestFirst(candidates, options.TopK);
            candidates = candidates[..options.TopK];
            total = Selection.Mass(candidates);
        }

        if (options.TopP < 1)
        {
            candidates = candidates[..Selection.HeaviestFirst(candidates, options.TopP * total)];
        }

        var least = options.MinP * VectorMath.Max(_powers.Start, _padded);
        var mass = MassAbove(candidates, least);
        var target = point * mass;
        if (options.ReportSupport)
        {
            _cut = (SupportAbove(candidates, least), mass);
        }

        var last = 0;
        foreach (var key in candidates)
        {
            if (Selection.PowerOf(key) >= least)
            {
                last = Selection.TokenOf(key);
                target -= Selection.PowerOf(key);
                if (target < 0)
                {
                    break;
                }
            }
        }

        return last;
    }

    private static ImmutableArray<int> SupportAbove(ReadOnlySpan<ulong> candidates, double least)
    {
        var ids = new List<int>(candidates.Length);
        foreach (var key in candidates)
        {
            if (Selection.PowerOf(key) >= least)
            {
                ids.Add(Selection.TokenOf(key));
            }
        }

        ids.Sort();
        return [.. ids];
    }

    private static double MassAbove(ReadOnlySpan<ulong> candidates, double least)
    {
        var sum = 0.0;
        foreach (var key in candidates)
        {
            sum += Selection.PowerOf(key) >= least ? Selection.PowerOf(key) : 0;
        }

        return sum;
    }

    /// <summary>
    /// Collects the tokens that can survive. Without top-k, tokens less likely than (1 - p) / vocabulary hold less than 1 - p
    /// together, so the nucleus lies above them; and what min-p cuts stays cut whatever is cut before.
    /// </summary>
    private int Candidates(SamplingOptions options, double total)
    {
        var least = (double)float.Epsilon;
        if (options.TopK > 0)
        {
            least = Math.Max(least, LowestOfTop(options.TopK));
        }
        else
        {
            var most = (double)VectorMath.Max(_powers.Start, _padded);
            least = Math.Max(least, Math.Max(Math.Min(total * (1 - options.TopP) / _vocabulary, most), options.MinP * most));
        }

        // Rounded down, so that no token is missed; the exact bound decides.
        var bound = new Vector<float>(MathF.BitDecrement((float)least));
        var count = 0;
        for (var first = 0; first < _padded; first += Vector<float>.Count)
        {
            if (!Vector.GreaterThanAny(Vector.Load(_powers.Start + first), bound))
            {
                continue;
            }

            for (var token = first; token < Math.Min(_vocabulary, first + Vector<float>.Count); token++)
            {
                if (_powers.Start[token] >= least)
                {
                    _keys[count++] = Selection.Key(_powers.Start[token], token);
                }
            }
        }

        return count;
    }

    /// <summary>
    /// A bound that at least k tokens reach: the k-th largest of the groups' maxima, each reached by a token of its own. Far fewer
    /// tokens than the vocabulary then have to be looked at.
    /// </summary>
    private float LowestOfTop(int k)
    {
        var groups = _padded / Group;
        if (k >= groups)
        {
            return 0;
        }

        for (var group = 0; group < groups; group++)
        {
            _keys[group] = Selection.Key(VectorMath.Max(_powers.Start + group * Group, Group), group);
        }

        Selection.LargestFirst(_keys.AsSpan(0, groups), k);
        var lowest = ulong.MaxValue;
        foreach (var key in _keys.AsSpan(0, k))
        {
            lowest = Math.Min(lowest, key);
        }

        return Selection.PowerOf(lowest);
    }
}
