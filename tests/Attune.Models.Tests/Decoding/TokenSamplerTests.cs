using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Decoding;
using CsCheck;

namespace Attune.Models.Tests.Decoding;

public sealed unsafe class TokenSamplerTests
{
    private const int Draws = 40_000;

    [Theory]
    [InlineData(1.0, 0, 1.0, 0.0)]
    [InlineData(0.7, 0, 1.0, 0.0)]
    [InlineData(1.5, 5, 1.0, 0.0)]
    [InlineData(1.0, 0, 0.8, 0.0)]
    [InlineData(1.0, 0, 1.0, 0.15)]
    [InlineData(0.9, 12, 0.9, 0.05)]
    [InlineData(1.0, 40, 0.9, 0.0)] // more than there are groups of tokens
    [InlineData(1.2, 8, 1.0, 0.2)]
    [InlineData(0.8, 0, 0.9, 0.1)]
    [InlineData(1.0, 1000, 0.95, 0.0)] // more than there are tokens
    public void Law_frequencies_follow_the_cut_and_renormalised_distribution(double temperature, int topK, double topP, double minP)
    {
        var options = new SamplingOptions
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
        };
        var logits = Logits(300, 11);
        var expected = Expected(logits, options);
        var counts = new int[logits.Length];
        var rng = new Seed(17).Rng();
        foreach (var draw in Draw(logits, options, Draws, rng))
        {
            counts[draw.Token]++;
        }

        Assert.All(Enumerable.Range(0, logits.Length).Where(token => expected[token] == 0), token => Assert.Equal(0, counts[token]));
        // Pearson's chi-square over tokens expected at least five times, the rest as one class.
        var classes = Enumerable
            .Range(0, logits.Length)
            .GroupBy(t => expected[t] * Draws >= 5 ? t : -1)
            .Select(g => (Expected: g.Sum(t => expected[t]) * Draws, Seen: g.Sum(t => counts[t])))
            .Where(c => c.Expected > 0)
            .ToArray();
        var chiSquare = classes.Sum(c => Math.Pow(c.Seen - c.Expected, 2) / c.Expected);
        var freedom = classes.Length - 1;
        // Mean and variance of chi-square are n and 2n: 4.5 deviations.
        Assert.InRange(chiSquare, 0, freedom + 4.5 * Math.Sqrt(2.0 * freedom) + 1);
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_uncut_distribution_at_the_temperature()
    {
        var logits = Logits(300, 12);
        var options = new SamplingOptions
        {
            Temperature = 0.6,
            TopK = 4,
            TopP = 0.9,
        };
        var uncut = Expected(logits, new SamplingOptions { Temperature = 0.6 });
        foreach (var draw in Draw(logits, options, 200, new Seed(1).Rng()))
        {
            Assert.Equal(Math.Log(uncut[draw.Token]), draw.LogProb, 1e-5);
        }

        var greedy = Draw(logits, new SamplingOptions { Temperature = 0, TopK = 3 }, 1, new Seed(1).Rng()).Single();
        Assert.Equal(Array.IndexOf(logits, logits.Max()), greedy.Token);
        Assert.Equal(Math.Log(Expected(logits, new SamplingOptions())[greedy.Token]), greedy.LogProb, 1e-5);
    }

    [Fact]
    public void Law_top_k_keeps_exactly_k_also_among_equals_and_lower_ids_first()
    {
        var logits = new float[100];
        var seen = Draw(logits, new SamplingOptions { TopK = 7 }, 2000, new Seed(3).Rng()).Select(d => d.Token).Distinct().Order();
        Assert.Equal(Enumerable.Range(0, 7), seen);
        Assert.Equal(0, Draw(logits, new SamplingOptions { Temperature = 0 }, 1, new Seed(3).Rng()).Single().Token);
    }

    [Fact]
    public void The_end_token_waits_for_the_shortest_answer()
    {
        var logits = Logits(50, 5);
        var likeliest = Array.IndexOf(logits, logits.Max());
        foreach (var temperature in new[] { 0, 1.0 })
        {
            var options = new SamplingOptions
            {
                Temperature = temperature,
                EndToken = likeliest,
                MinNewTokens = 4,
                TopP = 0.999,
            };
            Assert.DoesNotContain(Draw(logits, options, 500, new Seed(2).Rng(), drawn: 2), d => d.Token == likeliest);
            Assert.Contains(Draw(logits, options, 500, new Seed(2).Rng(), drawn: 3), d => d.Token == likeliest);
        }
    }

    [Fact]
    public void Law_without_the_end_token_the_others_keep_their_proportions()
    {
        var logits = Logits(60, 5);
        var likeliest = Array.IndexOf(logits, logits.Max());
        var counts = new int[logits.Length];
        foreach (var draw in Draw(logits, new SamplingOptions { EndToken = likeliest, MinNewTokens = 9 }, Draws, new Seed(6).Rng()))
        {
            counts[draw.Token]++;
        }

        var expected = Expected([.. logits.Select((l, token) => token == likeliest ? float.NegativeInfinity : l)], new SamplingOptions());
        var classes = Enumerable.Range(0, logits.Length).Where(t => expected[t] * Draws >= 5).ToArray();
        var chiSquare = classes.Sum(t => Math.Pow(counts[t] - expected[t] * Draws, 2) / (expected[t] * Draws));
        Assert.Equal(0, counts[likeliest]);
        Assert.InRange(chiSquare, 0, classes.Length + 4.5 * Math.Sqrt(2.0 * classes.Length));
    }

    [Fact]
    public void Logits_that_are_not_numbers_are_refused()
    {
        var logits = Logits(50, 5);
        logits.AsSpan().Fill(float.NaN);
        Assert.Contains(
            "diverged",
            Assert.Throws<AttuneException>(() => Draw(logits, new SamplingOptions(), 1, new Seed(2).Rng())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Selection_puts_the_largest_first() =>
        Gen.Select(Gen.ULong.HashSet[1, 60], Gen.Int[0, 70])
            .Sample(
                (set, count) =>
                {
                    var keys = set.ToArray();
                    Selection.LargestFirst(keys, count);
                    var largest = keys.Take(count).Order().ToArray();
                    Assert.Equal(set.OrderDescending().Take(count).Order(), largest);
                },
                iter: 2000
            );

    [Fact]
    public void Selection_by_mass_takes_the_fewest_largest_that_reach_it() =>
        Gen.Select(Gen.Int[0, 40].Array[1, 60], Gen.Double[0, 1.1])
            .Sample(
                (powers, share) =>
                {
                    // Whole numbers add without rounding, so that both sides of the comparison are exact.
                    ulong[] keys = [.. powers.Select((power, token) => Selection.Key(power, token))];
                    var mass = Math.Round(share * powers.Sum());
                    var count = Selection.HeaviestFirst(keys, mass);
                    var sorted = powers.OrderDescending().ToArray();
                    var expected = Enumerable.Range(1, powers.Length).FirstOrDefault(n => sorted.Take(n).Sum() >= mass, powers.Length);
                    Assert.Equal(expected, count);
                    Assert.Equal(sorted.Take(count), keys.Take(count).Select(k => (int)Selection.PowerOf(k)).OrderDescending());
                },
                iter: 2000
            );

    private static float[] Logits(int count, ulong seed)
    {
        var rng = new Seed(seed).Rng();
        return [.. Enumerable.Range(0, count).Select(_ => (float)(2.5 * rng.NextNormal()))];
    }

    private static List<DrawnToken> Draw(float[] logits, SamplingOptions options, int times, Rng rng, int drawn = 0)
    {
        var padded = (logits.Length + 63) / 64 * 64;
        using var sampler = new TokenSampler(logits.Length, padded);
        using var row = new NativeBuffer(padded);
        var draws = new List<DrawnToken>();
        for (var i = 0; i < times; i++)
        {
            logits.CopyTo(row.Span(0, logits.Length));
            draws.Add(sampler.Next(row.Start, options, drawn, rng));
        }

        return draws;
    }

    /// <summary>The definition, in 64 bits, step by step.</summary>
    private static double[] Expected(float[] logits, SamplingOptions options)
    {
        var powers = logits.Select(l => Math.Exp(l / options.Temperature)).ToArray();
        var order = Enumerable.Range(0, logits.Length).OrderByDescending(t => logits[t]).ThenBy(t => t).ToList();
        if (options.TopK > 0)
        {
            order = [.. order.Take(options.TopK)];
        }

        var total = order.Sum(t => powers[t]);
        var (kept, mass) = (new List<int>(), 0.0);
        foreach (var token in order)
        {
            kept.Add(token);
            mass += powers[token];
            if (mass >= options.TopP * total)
            {
                break;
            }
        }

        kept = options.TopP == 1 ? order : kept;
        kept.RemoveAll(t => powers[t] < options.MinP * powers[order[0]]);
        var sum = kept.Sum(t => powers[t]);
        return [.. Enumerable.Range(0, logits.Length).Select(t => kept.Contains(t) ? powers[t] / sum : 0)];
    }
}
