using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Methods.Preference;
using Attune.Methods.Tests.Loop;
using Attune.Methods.Tests.Policy;
using Attune.Testing.Training;
using Attune.Training;
using Attune.Training.Batches;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Preference;

public sealed class NashMdTests
{
    private static readonly OnlineDpoOptions Small = new()
    {
        MixtureCoef = 0.5,
        TotalEpisodes = 64,
        RolloutBatchSize = 32,
        Training = new OnlineDpoOptions().Training with { BatchSize = 8 },
    };

    [Fact]
    public void Loss_and_gradient_equal_the_values_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        // Worth: 1 - .5 - .1 * (-3 + 4) = .4; 0 - .5 - .1 * (-5 + 3) = -.3; .5 - .5 - .1 * (-2 + 2) = 0.
        var logProbs = tensor(new[] { -3.0, -5.0, -2.0 }, requires_grad: true);
        var loss = NashMd.Loss(logProbs, tensor(new[] { -4.0, -3.0, -2.0 }), tensor(new[] { 1.0, 0.0, 0.5 }), 0.1);
        Assert.Equal([1.2, -1.5, 0], loss.data<double>().ToArray(), Near);
        loss.sum().backward();
        Assert.Equal([-0.4, 0.3, 0], logProbs.grad!.data<double>().ToArray(), Near);
    }

    [Fact]
    public void Law_over_the_policys_own_answers_the_gradient_is_that_of_the_regularised_preference()
    {
        using var scope = NewDisposeScope();
        var reference = tensor(new[] { 0.1, 0.2, 0.3, 0.4 }).log();
        var preferred = tensor(new[] { 0.9, 0.2, 0.5, 0.4 });
        double[] start = [0.3, -0.2, 0.5, 0.1];
        var logits = tensor(start, requires_grad: true);
        var logProbs = logits.log_softmax(0);
        (logProbs.exp().detach() * NashMd.Loss(logProbs, reference, preferred, 0.2)).sum().backward();
        var found = logits.grad!.data<double>().ToArray();
        double Objective(double[] at)
        {
            var log = tensor(at).log_softmax(0);
            return (log.exp() * (0.2 * (log - reference) - preferred)).sum().ToDouble();
        }

        for (var i = 0; i < start.Length; i++)
        {
            double[] up = [.. start],
                down = [.. start];
            (up[i], down[i]) = (up[i] + 1e-5, down[i] - 1e-5);
            Assert.Equal((Objective(up) - Objective(down)) / 2e-5, found[i], 1e-8);
        }
    }

    [Fact]
    public async Task A_round_pairs_an_answer_of_the_policy_with_one_of_the_mixture_and_keeps_ties()
    {
        using var policy = TinyModels.Language(1);
        using var parts = new TinyOnlineDpo(Small, policy, new Judging(_ => null));
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        PreferencePair[] pairs = [.. round!.Updates.SelectMany(u => u)];
        Assert.Equal(16, pairs.Length);
        Assert.All(pairs, p => Assert.Equal(0.5, p.Pair.Probability));
        Assert.Contains(pairs, p => p.Explored == ExploredSide.Chosen);
        Assert.Contains(pairs, p => p.Explored == ExploredSide.Rejected);
    }

    [Fact]
    public async Task The_objective_learns_the_policys_own_answer_by_whether_it_was_preferred()
    {
        using var policy = TinyModels.Language(1);
        using var parts = new TinyOnlineDpo(Small, policy, new Judging(_ => 0));
        var round = await parts.Experience.NextAsync(Progress.Start(new Seed(1)), CancellationToken.None);
        PreferencePair[] pairs = [.. round!.Updates.SelectMany(u => u)];
        using var scope = NewDisposeScope();
        // The policy is its reference still: what is left is -(P - 1/2) log pi(y).
        var expected = pairs.Sum(p =>
        {
            var won =
                p.Pair.Probability == 0.5 ? 0
                : p.Explored == ExploredSide.Rejected ? 0.5
                : -0.5;
            var own = p.Explored == ExploredSide.Rejected ? p.Pair.Chosen : p.Pair.Rejected;
            return -won * AnswerSums.Plain(policy, [own])[0];
        });
        Assert.Equal(expected, OnlineDpoExperience.Objective(Small, policy).Evaluate(pairs).SummedLoss.ToDouble(), 1e-3);
        Assert.Contains(pairs, p => p.Pair.Probability == 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public async Task Nash_MD_comes_to_rest_where_its_equation_says(double mixture)
    {
        const double beta = 0.3;
        using var language = new CountableLanguage(longest: 1);
        var options = new OnlineDpoOptions
        {
            Beta = beta,
            MixtureCoef = mixture,
            TotalEpisodes = 256 * 100,
            RolloutBatchSize = 256,
            Training = new OnlineDpoOptions().Training with { BatchSize = 128, LearningRate = 4e-3 },
        };
        var worth = language.Answers.Zip(language.Rewards).ToDictionary(a => Text(a.First), a => a.Second);
        var experience = new OnlineDpoExperience(options)
        {
            Policy = language.Policy,
            Reference = language.Reference,
            Prompts = language.Parts.Prompts,
            Sampler = language.Parts.Sampler,
            Sampling = language.Parts.Sampling,
            Judge = new Judging(q => worth[q.Answers[0]] >= worth[q.Answers[1]] ? 0 : 1),
            Decode = (_, sequence) => Text(sequence),
        };
        using var loop = new TrainingLoop<PreferencePair>(
            OnlineDpoExperience.Objective(options, language.Policy),
            experience,
            options.Training.LearningRateSchedule,
            new OptimiserOptions { MaxGradientNorm = 1 },
            new LoopOptions(128, 0),
            null
        );
        await loop.RunAsync(Progress.Start(new Seed(2)), new RecordingObserver(), CancellationToken.None);
        var rest = Equilibrium(language.Start, language.Rewards, beta, mixture);
        var (before, after) = (CountableLanguage.Divergence(language.Start, rest), CountableLanguage.Divergence(language.Now, rest));
        Assert.True(before > 0.2, $"the equilibrium lies {before:f4} nats from the start");
        Assert.True(after < before / 20, $"KL(pi || pi*) fell from {before:f4} to {after:f4}");
    }

    [Fact]
    public void It_refuses_what_means_nothing_to_it()
    {
        Assert.Empty(Small.Validate(null!));
        Assert.Single((Small with { Answers = 3 }).Validate(null!));
        Assert.Single((Small with { LossType = OnlineLoss.Ipo }).Validate(null!));
        Assert.Single((Small with { XpoAlpha = 0.1 }).Validate(null!));
    }

    /// <summary>pi = pi_0 exp(P(y preferred to pi^(1 - c) pi_0^c) / beta) / Z, by going half the way there again and again.</summary>
    private static double[] Equilibrium(double[] start, double[] rewards, double beta, double mixture)
    {
        static double[] Normal(IEnumerable<double> weights)
        {
            double[] all = [.. weights];
            return [.. all.Select(w => w / all.Sum())];
        }

        double Preferred(double reward, double[] opponent) =>
            opponent
                .Zip(
                    rewards,
                    (q, other) =>
                        q
                        * (
                            reward > other ? 1
                            : reward == other ? 0.5
                            : 0
                        )
                )
                .Sum();

        double[] policy = [.. start];
        for (var i = 0; i < 500; i++)
        {
            var opponent = Normal(policy.Zip(start, (p, q) => Math.Pow(p, 1 - mixture) * Math.Pow(q, mixture)));
            var answer = Normal(start.Zip(rewards, (p, r) => p * Math.Exp(Preferred(r, opponent) / beta)));
            policy = Normal(policy.Zip(answer, (p, a) => Math.Sqrt(p * a)));
        }

        return policy;
    }

    private static string Text(Core.Tokens.TokenSequence sequence) => string.Join(' ', sequence.Answer.ToArray());

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-12;

    private sealed class Judging(Func<Question, int?> judge) : IFeedbackSource
    {
        public string Name => "judging";

        public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
        {
            await Task.CompletedTask;
            foreach (var question in questions)
            {
                yield return new Reply(question.Id, judge(question));
            }
        }
    }
}
