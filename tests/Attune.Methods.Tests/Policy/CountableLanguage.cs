using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rollouts;

namespace Attune.Methods.Tests.Policy;

/// <summary>
/// A language so small that everything is known: a few tokens, 0 ends, answers of one or two tokens, and a table of rewards. The best
/// policy for E[r] - beta KL(pi || pi_0) is pi*(y) = pi_0(y) exp(r(y) / beta) / Z, and the best value beta log Z
/// (Korbak et al. 2022, arXiv:2205.11275; Rafailov et al. 2023, eq. 4).
/// </summary>
internal sealed class CountableLanguage : IDisposable
{
    private static readonly int[] PromptTokens = [1, 3];

    private readonly LocalSampler _sampler = new();

    /// <param name="longest">1 or 2.</param>
    public CountableLanguage(int vocabulary = 5, int longest = 2)
    {
        Policy = TinyModels.Language(3, vocabulary);
        Reference = Policy.Copy();
        Answers =
            longest == 1
                ? [.. Enumerable.Range(0, vocabulary).Select(t => Answer(t))]
                :
                [
                    Answer(0),
                    .. Enumerable
                        .Range(1, vocabulary - 1)
                        .SelectMany(first => Enumerable.Range(0, vocabulary).Select(second => Answer(first, second))),
                ];
        Rewards = [.. Answers.Select(RewardOf)];
        Start = Probabilities(Reference);
        Parts = new RolloutContext
        {
            Policy = Policy,
            Reference = Reference,
            Prompts = new PromptPool([(new Prompt.Text("1 3"), [.. PromptTokens])]),
            Sampler = _sampler,
            Sampling = new SamplingOptions
            {
                Temperature = 1,
                MaxNewTokens = longest,
                EndToken = 0,
            },
            Reward = new Table(),
        };
    }

    public LanguageModel Policy { get; }
    public LanguageModel Reference { get; }
    public RolloutContext Parts { get; }
    public TokenSequence[] Answers { get; }
    public double[] Rewards { get; }

    /// <summary>The reference's probabilities.</summary>
    public double[] Start { get; }

    public double[] Now => Probabilities(Policy);

    /// <summary>pi_0 exp(r / beta) / Z, and beta log Z.</summary>
    public (double[] Policy, double Value) Best(double beta)
    {
        var weights = Start.Zip(Rewards, (p, r) => p * Math.Exp(r / beta)).ToArray();
        return ([.. weights.Select(w => w / weights.Sum())], beta * Math.Log(weights.Sum()));
    }

    /// <summary>E[r] - beta KL(pi || pi_0).</summary>
    public double Value(double[] pi, double beta) => pi.Zip(Rewards, (p, r) => p * r).Sum() - beta * Divergence(pi, Start);

    public static double Divergence(double[] pi, double[] other) => pi.Zip(other, (p, q) => p > 0 ? p * Math.Log(p / q) : 0).Sum();

    public static async Task TrainAsync<T>(IObjective<T> objective, IExperience<T> experience, IPolicyOptions options)
    {
        using var loop = new TrainingLoop<T>(
            objective,
            experience,
            options.Training.LearningRateSchedule,
            options.Training.Optimiser,
            new LoopOptions(options.Training.BatchSize, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(2)), new RecordingObserver(), CancellationToken.None);
    }

    /// <summary>The policy has come from far to near the best one, and lacks hardly anything of the best value.</summary>
    public void IsNearTheBest(double beta)
    {
        var (best, bestValue) = Best(beta);
        var found = Now;
        // The identity behind it: what is lost of the best value is beta times the divergence from the best policy.
        Assert.Equal(bestValue - beta * Divergence(found, best), Value(found, beta), 1e-4);
        var (before, after) = (Divergence(Start, best), Divergence(found, best));
        Assert.True(before > 0.3, $"the best policy lies {before:f4} nats from the start");
        Assert.True(after < before / 20, $"KL(pi || pi*) fell from {before:f4} to {after:f4}");
        Assert.InRange(Value(found, beta), bestValue - 0.05 * (bestValue - Value(Start, beta)), bestValue + 1e-4);
    }

    public void Dispose()
    {
        _sampler.Dispose();
        Policy.Dispose();
        Reference.Dispose();
    }

    /// <summary>Another number in [0, 1] for each answer, without pattern.</summary>
    private static double RewardOf(TokenSequence answer) =>
        new Seed(5).For("reward", [.. answer.Answer.ToArray().Select(t => (long)t)]).Rng().NextDouble();

    private static TokenSequence Answer(params int[] tokens) => new([.. PromptTokens, .. tokens], PromptTokens.Length);

    private double[] Probabilities(LanguageModel model) =>
        [.. AnswerLogProbs.Of(model, Answers).Select(l => Math.Exp(l.Sum(p => (double)p)))];

    private sealed class Table : IReward
    {
        public string Name => "table";

        public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select(r => Score.Outcome(r, RewardOf(r.Sequence), Name))]);
    }
}
