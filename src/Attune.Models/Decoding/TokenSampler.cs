using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Kernels;

namespace Attune.Models.Decoding;

/// <summary>Draws tokens from logits. One per worker: it owns scratch room and allocates nothing while drawing.</summary>
internal sealed unsafe partial class TokenSampler : IDisposable
{
    // Blocks whose sums are kept, so that finding a token walks one block instead of the vocabulary.
    private const int Block = 256;

    // Tokens of which only the largest is looked at first, when the k likeliest are sought.
    private const int Group = 16;

    private readonly int _vocabulary;
    private readonly int _padded;
    private readonly NativeBuffer _powers;
    private readonly double[] _blockSums;
    private readonly ulong[] _keys;
    private (float Most, float Scale, double LogTotal) _row;
    private (ImmutableArray<int> Support, double Mass) _cut;

    /// <param name="vocabulary">Tokens that exist.</param>
    /// <param name="padded">Logits in a row, a multiple of 64; those beyond the vocabulary are overwritten.</param>
    internal TokenSampler(int vocabulary, int padded)
    {
        (_vocabulary, _padded) = (vocabulary, padded);
        _powers = new NativeBuffer(padded);
        _blockSums = new double[(padded + Block - 1) / Block];
        _keys = new ulong[padded];
    }

    /// <param name="logits">One row; its padding is overwritten.</param>
    /// <param name="drawn">Tokens the answer has so far.</param>
    /// <exception cref="AttuneException">The logits are not finite.</exception>
    internal DrawnToken Next(float* logits, SamplingOptions options, int drawn, Rng rng)
    {
        var total = Measure(logits, options);
        var forbidden = options.EndToken is { } end && drawn + 1 < options.MinNewTokens ? end : -1;
        _cut = default;
        var token = options.Temperature == 0 ? Likeliest(logits, forbidden) : Drawn(options, total, forbidden, rng);
        return _cut.Support.IsDefault
            ? new DrawnToken(token, LogProb(logits[token]))
            : new DrawnToken(token, (float)Math.Log(_powers.Start[token] / _cut.Mass)) { Support = _cut.Support };
    }

    /// <summary>A token that was not drawn, as if it had been.</summary>
    /// <param name="logits">One row; its padding is overwritten.</param>
    /// <exception cref="AttuneException">The logits are not finite.</exception>
    internal DrawnToken Given(float* logits, SamplingOptions options, int token)
    {
        Measure(logits, options);
        return new DrawnToken(token, LogProb(logits[token]));
    }

    /// <summary>Prepares a row; returns the sum of its powers.</summary>
    private double Measure(float* logits, SamplingOptions options)
    {
        new Span<float>(logits + _vocabulary, _padded - _vocabulary).Fill(float.NegativeInfinity);
        var most = VectorMath.Max(logits, _padded);
        if (!float.IsFinite(most))
        {
            throw new AttuneException(
                "The model's logits are not finite numbers: its weights have diverged. Go back to an earlier checkpoint and "
                    + "lower the learning rate."
            );
        }

        var scale = options.Temperature == 0 ? 1 : (float)(1 / options.Temperature);
        var total = Powers(logits, most, scale);
        _row = (most, scale, Math.Log(total));
        return total;
    }

    /// <summary>The likeliest tokens of the row that was looked at last, likeliest first, ties going to the lower id.</summary>
    internal ImmutableArray<DrawnToken> MostLikely(float* logits, int count)
    {
        var best = new int[Math.Min(count, _vocabulary)];
        var found = 0;
        for (var token = 0; token < _vocabulary; token++)
        {
            if (found == best.Length && logits[token] <= logits[best[^1]])
            {
                continue;
            }

            found = Math.Min(found + 1, best.Length);
            var place = found - 1;
            for (; place > 0 && logits[best[place - 1]] < logits[token]; place--)
            {
                best[place] = best[place - 1];
            }

            best[place] = token;
        }

        return [.. best.Select(token => new DrawnToken(token, LogProb(logits[token])))];
    }

    public void Dispose() => _powers.Dispose();

    private float LogProb(float logit) => (float)((logit - _row.Most) * (double)_row.Scale - _row.LogTotal);

    /// <summary>Fills the powers and the sums of their blocks; returns the sum of all.</summary>
    private double Powers(float* logits, float most, float scale)
    {
        var total = 0.0;
        for (var block = 0; block < _blockSums.Length; block++)
        {
            var start = block * Block;
            _blockSums[block] = VectorMath.ExpSum(logits + start, _powers.Start + start, Math.Min(Block, _padded - start), most, scale);
            total += _blockSums[block];
        }

        return total;
    }

    private int Likeliest(float* logits, int forbidden)
    {
        var best = forbidden == 0 ? 1 : 0;
        for (var token = best + 1; token < _vocabulary; token++)
        {
            if (logits[token] > logits[best] && token != forbidden)
            {
                best = token;
            }
        }

        return best;
    }

    private int Drawn(SamplingOptions options, double total, int forbidden, Rng rng)
    {
        var point = rng.NextDouble();
        if (forbidden >= 0)
        {
            total = Forbid(forbidden, total);
        }

        return options is { TopK: 0, TopP: 1, MinP: 0 } || (options.TopK >= _vocabulary && options is { TopP: 1, MinP: 0 })
            ? Locate(point * total)
            : DrawnFromCut(options, total, point);
    }

    private double Forbid(int token, double total)
    {
        var block = token / Block;
        _powers.Start[token] = 0;
        total -= _blockSums[block];
        _blockSums[block] = 0;
        for (var i = block * Block; i < Math.Min(_vocabulary, (block + 1) * Block); i++)
        {
            _blockSums[block] += _powers.Start[i];
        }

        return total + _blockSums[block];
    }

    /// <summary>The token at which the running sum of powers passes the target.</summary>
    private int Locate(double target)
    {
        var block = 0;
        while (block < _blockSums.Length - 1 && target >= _blockSums[block])
        {
            target -= _blockSums[block];
            block++;
        }

        var last = 0;
        for (var token = block * Block; token < Math.Min(_vocabulary, (block + 1) * Block); token++)
        {
            if (_powers.Start[token] > 0)
            {
                last = token;
                target -= _powers.Start[token];
                if (target < 0)
                {
                    break;
                }
            }
        }

        // Rounding may leave a crumb of the target: the block's last possible token has it.
        return last;
    }
}
