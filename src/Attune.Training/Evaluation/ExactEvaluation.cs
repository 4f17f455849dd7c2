using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Training.Contracts;
using Attune.Worlds.Exact;

namespace Attune.Training.Evaluation;

/// <summary>
/// An evaluation without sampling error, for languages whose answers can be enumerated: expected rewards, divergences and the distance to
/// the best policy there is are sums over all answers to all prompts.
/// </summary>
public sealed class ExactEvaluation
{
    private const int ScoredAtOnce = 8192;
    private readonly AnswerSpace _space;
    private readonly double _temperature;
    private readonly ImmutableArray<Question> _questions;

    private ExactEvaluation(AnswerSpace space, double temperature, ImmutableArray<Question> questions) =>
        (_space, _temperature, _questions) = (space, temperature, questions);

    /// <summary>What is known of all answers to one prompt.</summary>
    /// <param name="Share">Of the prompts that are this one.</param>
    /// <param name="Prior">pi0, by answer.</param>
    /// <param name="Proxy">What is optimised, by answer; null where there is none.</param>
    /// <param name="Gold">Hidden utility, by answer; null where it is not known.</param>
    public sealed record Question(ImmutableArray<int> Prompt, double Share, double[] Prior, double[]? Proxy, double[]? Gold);

    public IReadOnlyList<Question> Questions => _questions;

    public AnswerSpace Space => _space;

    /// <summary>Prepares what is the same for every policy; null where answers cannot be enumerated.</summary>
    public static async ValueTask<ExactEvaluation?> PrepareAsync(PolicyEvaluation evaluation, CancellationToken cancel)
    {
        var sampling = evaluation.Sampling;
        if (
            sampling.Temperature <= 0
            || sampling.TopK != 0
            || sampling.TopP != 1
            || sampling.MinP != 0
            || sampling.EndToken is not { } end
            || AnswerSpace.Of(evaluation.Reference.Config, end, sampling.MaxNewTokens) is not { } space
        )
        {
            return null;
        }

        var asked = Enumerable
            .Range(0, evaluation.Prompts.Count)
            .Select(i => evaluation.Prompts.Request(i, default))
            .GroupBy(r => string.Join(' ', r.Prompt), StringComparer.Ordinal);
        var questions = ImmutableArray.CreateBuilder<Question>();
        foreach (var same in asked)
        {
            // Rows with the same prompt count as one, with the columns of the first.
            var request = same.First();
            var prompt = request.Prompt;
            questions.Add(
                new Question(
                    prompt,
                    (double)same.Count() / evaluation.Prompts.Count,
                    space.Probabilities(evaluation.Reference, prompt, sampling.Temperature),
                    await ScoresAsync(evaluation.Proxy, space, request, cancel),
                    await ScoresAsync(evaluation.Gold, space, request, cancel)
                )
            );
        }

        return new ExactEvaluation(space, sampling.Temperature, questions.ToImmutable());
    }

    /// <summary>The policy's probability of every answer, for each of <see cref="Questions"/>.</summary>
    public double[][] Probabilities(LanguageModel policy) =>
        [.. _questions.Select(q => _space.Probabilities(policy, q.Prompt, _temperature))];

    /// <summary>Exact figures of a policy under the metric names of the catalogue.</summary>
    /// <param name="beta">Temperature of the optimum to compare with; null or 0, or no proxy, to compare with none.</param>
    public Metrics Measure(LanguageModel policy, double? beta) => Measure(Probabilities(policy), beta);

    /// <inheritdoc cref="Measure(LanguageModel, double?)"/>
    /// <param name="policy">A probability for each answer, for each of <see cref="Questions"/>.</param>
    public Metrics Measure(IReadOnlyList<double[]> policy, double? beta)
    {
        var metrics = new Metrics();
        for (var i = 0; i < _questions.Length; i++)
        {
            var (question, pi) = (_questions[i], policy[i]);
            metrics.Add("eval/exact_kl", Distribution.Divergence(pi, question.Prior), question.Share);
            if (question.Proxy is { } optimised)
            {
                metrics.Add("eval/exact_proxy_reward", Distribution.Mean(pi, optimised), question.Share);
            }

            if (question.Gold is { } gold)
            {
                metrics.Add("eval/exact_gold_reward", Distribution.Mean(pi, gold), question.Share);
            }

            if (beta is > 0 && question.Proxy is { } proxy)
            {
                var best = Posterior.Of(question.Prior, proxy, beta.Value);
                metrics.Add("eval/posterior_kl", Distribution.Divergence(pi, best.Probabilities), question.Share);
                metrics.Add("eval/posterior_kl_reverse", Distribution.Divergence(best.Probabilities, pi), question.Share);
                metrics.Add("eval/posterior_tv", Distribution.TotalVariation(pi, best.Probabilities), question.Share);
                metrics.Add("eval/exact_objective", Distribution.Objective(pi, question.Prior, proxy, beta.Value), question.Share);
                metrics.Add("eval/best_objective", best.BestObjective, question.Share);
            }
        }

        return metrics;
    }

    private static async ValueTask<double[]?> ScoresAsync(
        IReward? reward,
        AnswerSpace space,
        SampleRequest request,
        CancellationToken cancel
    )
    {
        if (reward is null)
        {
            return null;
        }

        var scores = new List<double>(space.Count);
        foreach (var part in space.Rollouts(request).Chunk(ScoredAtOnce))
        {
            cancel.ThrowIfCancellationRequested();
            scores.AddRange((await reward.ScoreAsync(part, cancel)).Select(s => s.Total));
        }

        return [.. scores];
    }
}
