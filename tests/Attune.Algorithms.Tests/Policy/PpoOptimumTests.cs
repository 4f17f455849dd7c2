using Attune.Algorithms.Policy;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Learning;
using Attune.Learning.Batches;
using Attune.Learning.Contracts;
using Attune.Learning.Evaluation;
using Attune.Learning.Rollouts;
using Attune.Models;
using Attune.Testing;

namespace Attune.Algorithms.Tests.Policy;

/// <summary>
/// A language so small that everything is known: five tokens, 0 ends, answers of at most two tokens, so 1 + 4 * 5 = 21 answers.
/// The best policy for E[r] - beta KL(pi || pi_0) is pi*(y) = pi_0(y) exp(r(y) / beta) / Z, and the best value beta log Z
/// (Korbak et al. 2022, arXiv:2205.11275; Rafailov et al. 2023, eq. 4).
/// </summary>
public sealed class PpoOptimumTests
{
    private const int Vocabulary = 5;
    private const double Beta = 0.25;
    private static readonly int[] PromptTokens = [1, 3];

    private static readonly TokenSequence[] Answers =
        [Answer(0), .. Enumerable.Range(1, Vocabulary - 1).SelectMany(first => Enumerable.Range(0, Vocabulary).Select(second => Answer(first, second)))];

    /// <summary>Another number in [0, 1] for each answer, without pattern.</summary>
    private static double RewardOf(TokenSequence answer)
    {
        var seed = new Seed(5);
        return seed.For("reward", [.. answer.Answer.ToArray().Select(t => (long)t)]).Chance().NextDouble();
    }

    [Fact]
    public async Task PPO_approaches_the_best_policy_there_is()
    {
        using var policy = TinyModels.Language(3, Vocabulary);
        using var reference = policy.Copy();
        var start = Probabilities(reference);
        Assert.Equal(21, start.Length);
        Assert.Equal(1, start.Sum(), 1e-5);
        var rewards = Answers.Select(RewardOf).ToArray();
        var weights = start.Zip(rewards, (p, r) => p * Math.Exp(r / Beta)).ToArray();
        var best = weights.Select(w => w / weights.Sum()).ToArray();
        var bestValue = Beta * Math.Log(weights.Sum());
        double Value(double[] pi) => pi.Zip(rewards, (p, r) => p * r).Sum() - Beta * Divergence(pi, start);

        await Train(policy, reference);
        var found = Probabilities(policy);

        // The identity behind it: what is lost of the best value is beta times the divergence from the best policy.
        Assert.Equal(bestValue - Beta * Divergence(found, best), Value(found), 1e-4);
        var (before, after) = (Divergence(start, best), Divergence(found, best));
        Assert.True(before > 0.3, $"the best policy lies {before:f4} nats from the start");
        Assert.True(after < before / 20, $"KL(pi || pi*) fell from {before:f4} to {after:f4}");
        Assert.InRange(Value(found), bestValue - 0.05 * (bestValue - Value(start)), bestValue + 1e-4);
    }

    [Fact]
    public async Task Without_a_penalty_it_settles_on_one_of_the_best_answers()
    {
        using var policy = TinyModels.Language(3, Vocabulary);
        using var reference = policy.Copy();
        await Train(policy, reference, beta: 0);
        var probabilities = Probabilities(policy);
        var rewards = Answers.Select(RewardOf).ToArray();
        Assert.True(probabilities.Max() > 0.8, $"the favourite has probability {probabilities.Max():f3}");
        // Not always the very best: a sampled gradient cannot tell the last few hundredths once it has stopped exploring.
        Assert.True(rewards[Array.IndexOf(probabilities, probabilities.Max())] > rewards.Max() - 0.05);
    }

    private static async Task Train(LanguageModel policy, LanguageModel reference, double beta = Beta)
    {
        var options = new PpoOptions
        {
            KlCoefficient = beta,
            TotalEpisodes = 128 * 60,
            RolloutBatchSize = 128,
            BatchSize = 64,
            PpoEpochs = 2,
            LearningRate = 3e-3,
            ValueCoefficient = 0.5,
            MaxGradNorm = 1,
            Temperature = 1,
            MaxNewTokens = 2,
            Lambda = 1,
            AdvantageWhitening = AdvantageWhitening.Batch,
            ValueNetwork = ValueNetwork.Policy,
        };
        using var critic = new ScalarModel(policy, new Seed(1));
        using var sampler = new LocalSampler();
        var value = new ValueFunction.Separate(critic);
        var experience = new PpoExperience(options)
        {
            Policy = policy,
            Reference = reference,
            Value = value,
            Prompts = new PromptPool([(new Prompt.Text("1 3"), [.. PromptTokens])]),
            Sampler = sampler,
            Sampling = new SamplingOptions { Temperature = 1, MaxNewTokens = 2, EndToken = 0 },
            Reward = new Table(),
        };
        using var loop = new TrainingLoop<PpoItem>(
            new Ppo.Objective(options, policy, value), experience, options.LearningRateSchedule, options.Optimiser, new LoopOptions(options.BatchSize, 0), null);
        await loop.RunAsync(Progress.Start(new Seed(2)), new RecordingObserver(), CancellationToken.None);
    }

    private static TokenSequence Answer(params int[] tokens) => new([.. PromptTokens, .. tokens], PromptTokens.Length);

    private static double[] Probabilities(LanguageModel model) => [.. AnswerLogProbs.Of(model, Answers).Select(l => Math.Exp(l.Sum(p => (double)p)))];

    private static double Divergence(double[] pi, double[] other) => pi.Zip(other, (p, q) => p * Math.Log(p / q)).Sum();

    private sealed class Table : IReward
    {
        public string Name => "table";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select(r => Score.Outcome(r, RewardOf(r.Sequence), Name))]);
    }
}
