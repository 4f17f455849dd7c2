using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Runs;
using Attune.Data.Order;
using CsCheck;

namespace Attune.Data.Tests.Order;

public sealed class OrderTests
{
    [Fact]
    public void Law_an_epoch_sees_every_item_once_in_an_order_of_its_own() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 50], Gen.Int[0, 5])
            .Sample((seed, count, epoch) => Shuffle.Order(new Seed(seed), epoch, count).Order().SequenceEqual(Enumerable.Range(0, count)));

    [Fact]
    public void Another_epoch_or_seed_gives_another_order()
    {
        var order = Shuffle.Order(new Seed(1), 0, 100);
        Assert.Equal(order, Shuffle.Order(new Seed(1), 0, 100));
        Assert.NotEqual(order, Shuffle.Order(new Seed(1), 1, 100));
        Assert.NotEqual(order, Shuffle.Order(new Seed(2), 0, 100));
    }

    [Fact]
    public void Law_a_sample_is_in_order_without_repetition_and_follows_the_seed() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 70], Gen.ULong)
            .Sample(
                (count, size, seed) =>
                {
                    ImmutableArray<int> items = [.. Enumerable.Range(0, count)];
                    var sample = Shuffle.Sample(items, size, new Seed(seed));
                    return sample.Length == Math.Min(size, count)
                        && sample.SequenceEqual(sample.Distinct().Order())
                        && sample.All(items.Contains)
                        && sample.SequenceEqual(Shuffle.Sample(items, size, new Seed(seed)));
                }
            );

    [Fact]
    public void A_sample_reaches_over_the_whole_file_and_each_item_is_equally_likely()
    {
        ImmutableArray<int> items = [.. Enumerable.Range(0, 20)];
        var drawn = Enumerable.Range(0, 2000).SelectMany(s => Shuffle.Sample(items, 5, new Seed((ulong)s))).CountBy(i => i).ToDictionary();
        // 500 expected each, standard deviation 19.4.
        Assert.All(items, i => Assert.InRange(drawn[i], 400, 600));
    }

    [Fact]
    public void Law_batches_of_any_size_walk_through_the_epochs_and_leave_nothing_out() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 45], Gen.ULong)
            .Sample(
                (count, size, seedValue) =>
                {
                    var seed = new Seed(seedValue);
                    var seen = new List<int>();
                    for (
                        var progress = Progress.Start(seed);
                        seen.Count < 3 * count;
                        progress = progress with { Items = progress.Items + size }
                    )
                    {
                        seen.AddRange(Batches.Next(progress, count, size));
                    }

                    return seen.Take(3 * count)
                        .SequenceEqual(Enumerable.Range(0, 3).SelectMany(epoch => Shuffle.Order(seed, epoch, count)));
                }
            );

    [Fact]
    public void Law_a_prompt_is_on_one_side_and_stays_there_when_rows_come_and_go() =>
        Gen.Select(Rows.Demonstration.Array[1, 40], Gen.Double[0, 1], Gen.ULong)
            .Sample(
                (rows, share, seedValue) =>
                {
                    var seed = new Seed(seedValue);
                    var split = Split.ByPrompt(rows, share, seed);
                    var fewer = Split.ByPrompt(rows.Where((_, i) => i % 2 == 0).ToList(), share, seed);
                    return split.Training.Length + split.HeldOut.Length == rows.Length
                        && !split.Training.Select(r => r.Prompt.Key).Intersect(split.HeldOut.Select(r => r.Prompt.Key)).Any()
                        && fewer.HeldOut.All(split.HeldOut.Contains)
                        && fewer.Training.All(split.Training.Contains);
                }
            );

    [Fact]
    public void The_held_out_share_of_many_prompts_is_near_the_one_asked_for()
    {
        var prompts = Enumerable.Range(0, 10_000).Select(i => (Prompt)new Prompt.Text($"prompt {i}")).ToList();
        // 10,000 prompts at 0.1: standard deviation 30.
        Assert.InRange(Split.ByPrompt(prompts, 0.1, new Seed(7)).HeldOut.Length, 880, 1120);
        Assert.Empty(Split.ByPrompt(prompts, 0, new Seed(7)).HeldOut);
        Assert.Empty(Split.ByPrompt(prompts, 1, new Seed(7)).Training);
        Assert.Throws<ArgumentOutOfRangeException>(() => Split.ByPrompt(prompts, double.NaN, new Seed(7)));
    }
}
