using Attune.Core.Runs;
using Attune.Methods.Policy;
using Attune.Methods.Tests.Loop;
using Attune.Testing.Training;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Policy;

public sealed class ReMaxTests
{
    internal static ReMaxOptions Small { get; } =
        new()
        {
            Rollouts = new() { TotalEpisodes = 32, RolloutBatchSize = 16 },
            Sampling = new() { MaxNewTokens = 6, Temperature = 0.9 },
            Training = new ReMaxOptions().Training with { BatchSize = 8, LearningRate = 3e-3 },
        };

    [Fact]
    public void Advantages_equal_the_values_worked_out_by_hand()
    {
        // To come: -.1 - .2 + 1.5 = 1.2, -.2 + 1.5 = 1.3, 1.5; the greedy answer scored 1.25.
        Assert.Equal([-0.05, 0.05, 0.25], ReMax.Advantages([-0.1, -0.2, 1.5], 1.25), (a, b) => Math.Abs(a - b) < 1e-12);
        // An answer that earns what the greedy one scored teaches nothing.
        Assert.Equal([0, 0], ReMax.Advantages([0, 2], 2));
    }

    [Fact]
    public async Task The_baseline_is_the_score_of_the_greedy_answer_to_the_same_prompt()
    {
        using var tiny = new TinyRollouts(Small);
        using (no_grad())
        {
            tiny.Policy.Weights.Values.mul_(1.1f);
        }

        var options = Small with { NumGenerations = 2, Kl = Small.Kl with { KlCoefficient = 0.3 } };
        var round = (await new ReMax.Experience(options, tiny.Parts).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None))!;
        GroupItem[] items = [.. round.Updates.SelectMany(u => u)];
        Assert.Equal((16, 16L), (items.Length, round.Items));
        foreach (var item in items)
        {
            var greedy = Greedy(tiny, [.. item.Sequence.Prompt.ToArray()]);
            var prices = item.OldLogProbs.Zip(item.Reference, (p, q) => 0.3 * ((double)p - q)).ToArray();
            var score = Share(item.Sequence);
            for (var t = 0; t < prices.Length; t++)
            {
                Assert.Equal(score - prices[t..].Sum() - greedy, item.TokenAdvantages[t], 1e-5);
            }
        }

        Assert.InRange(round.Measured["objective/baseline"], 0, 1);
    }

    [Fact]
    public async Task Law_on_the_weights_that_sampled_the_gradient_is_the_plain_policy_gradient()
    {
        using var scope = NewDisposeScope();
        using var tiny = new TinyRollouts(Small);
        var round = await new ReMax.Experience(Small, tiny.Parts).NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        var items = round!.Updates[0];
        var gradients = tiny.Policy.Weights.AttachGradients();
        ReMax.Objective(Small, tiny.Policy).Evaluate(items).SummedLoss.backward();
        var found = TinyModels.Values(gradients);
        gradients.zero_();

        var batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
        var logProbs = Numerics.LogProbs.OfTokens(
            AnswerLogProbs.Logits(tiny.Policy, AnswerLogProbs.Hidden(tiny.Policy, batch), Small.Sampling.Temperature),
            batch.Targets
        );
        (-tensor(items.SelectMany(i => i.TokenAdvantages).ToArray()) * logProbs).sum().backward();
        Assert.All(
            found.Zip(TinyModels.Values(gradients)),
            pair => Assert.Equal(pair.Second, pair.First, 1e-3 * Math.Max(1, Math.Abs(pair.Second)))
        );
        Assert.Contains(found, g => Math.Abs(g) > 0.01);
    }

    [Fact]
    public async Task ReMax_approaches_the_best_policy_there_is()
    {
        using var language = new CountableLanguage();
        var options = new ReMaxOptions
        {
            Kl = new() { KlCoefficient = 0.25 },
            Rollouts = new() { TotalEpisodes = 128 * 80, RolloutBatchSize = 128 },
            Sampling = new() { MaxNewTokens = 2 },
            Training = new ReMaxOptions().Training with { BatchSize = 128, LearningRate = 3e-3 },
        };
        await CountableLanguage.TrainAsync(
            ReMax.Objective(options, language.Policy),
            new ReMax.Experience(options, language.Parts),
            options
        );
        language.IsNearTheBest(0.25);
    }

    private static double Share(Core.Tokens.TokenSequence sequence) => (double)TinyData.EvenTokens(sequence) / sequence.AnswerLength;

    /// <summary>The score of the answer of the likeliest tokens, one after another.</summary>
    private static double Greedy(TinyRollouts tiny, int[] prompt)
    {
        using var quiet = no_grad();
        List<int> tokens = [.. prompt];
        while (tokens.Count < prompt.Length + Small.Sampling.MaxNewTokens && (tokens.Count == prompt.Length || tokens[^1] != 0))
        {
            using var scope = NewDisposeScope();
            var batch = TokenBatch.Of([new Core.Tokens.TokenSequence([.. tokens, 0], tokens.Count)]);
            var logits = AnswerLogProbs.Logits(tiny.Policy, AnswerLogProbs.Hidden(tiny.Policy, batch), 1);
            tokens.Add((int)logits[0].argmax().item<long>());
        }

        return Share(new Core.Tokens.TokenSequence([.. tokens], prompt.Length));
    }
}
