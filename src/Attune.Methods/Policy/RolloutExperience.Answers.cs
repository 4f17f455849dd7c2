using System.Diagnostics;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Rewards;
using static TorchSharp.torch;

namespace Attune.Methods.Policy;

// A round's answers: sampled, scored, and read by the policy and its reference.
public abstract partial class RolloutExperience<TItem>
{
    /// <summary>Samples and scores the round's answers, again where groups teach nothing and that is asked for.</summary>
    /// <returns>The answers, and how many were drawn for them.</returns>
    private async Task<(IReadOnlyList<ScoredAnswer> Answers, int Drawn)> AnswersAsync(
        Progress at,
        Metrics measured,
        CancellationToken cancel
    )
    {
        var (wanted, drawn) = (_options.Rollouts.RolloutBatchSize, 0);
        List<ScoredAnswer> teaching = [],
            idle = [];
        for (var draw = 0; draw <= MostResamplings && teaching.Count < wanted; draw++)
        {
            var answers = await DrawAnswersAsync(at, drawn, wanted, measured, cancel);
            drawn += answers.Length;
            foreach (var group in answers.Chunk(AnswersPerPrompt))
            {
                (MostResamplings == 0 || Teaches(group) ? teaching : idle).AddRange(group);
            }
        }

        if (MostResamplings > 0)
        {
            measured.Set("sampling/drawn_share", (double)drawn / wanted);
        }

        // Where too few groups teach, the others fill the round: its size stays, and they do no harm.
        ScoredAnswer[] chosen = [.. teaching.Concat(idle).Take(wanted)];
        RewardParts.Measure(measured, [.. chosen.Select(a => a.Parts)]);
        foreach (var answer in chosen)
        {
            answer.Measure(measured);
        }

        measured.Set("objective/scores_std", Math.Sqrt(Moments.Of([.. chosen.Select(a => a.Score)]).Variance));
        measured.Set("response_length/min", chosen.Min(a => a.LogProbs.Length));
        measured.Set("response_length/max", chosen.Max(a => a.LogProbs.Length));

        return (chosen, drawn);
    }

    private async Task<ScoredAnswer[]> DrawAnswersAsync(Progress at, int drawn, int count, Metrics measured, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var requests = _context.Prompts.Draw(at.Seed, at.Items + drawn, count, AnswersPerPrompt);
        var rollouts = await _context.Sampler.SampleAsync(requests, _context.Sampling, cancel);
        AddTime(measured, "time/rollout", clock);
        var scores = await _context.Reward.ScoreAsync(rollouts, cancel);
        AddTime(measured, "time/reward", clock);
        var answers = Score(rollouts, _options.Scores.Scaled(scores, _scores));
        AddTime(measured, "time/logprobs", clock);
        int[] prompts = [.. _context.Prompts.Places(at.Seed, at.Items + drawn, count / AnswersPerPrompt, AnswersPerPrompt)];
        if (await BaselinesAsync(prompts, at, cancel) is { } baselines)
        {
            AddTime(measured, "time/rollout", clock);
            Array.ForEach(baselines, b => measured.Add("objective/baseline", b));
            return [.. answers.Select((a, i) => a with { Baseline = baselines[i / AnswersPerPrompt] })];
        }

        return answers;
    }

    /// <summary>Scores of further answers by the rules for scores, one a request; they are not learned.</summary>
    protected async ValueTask<double[]> ScoresAsync(
        IReadOnlyList<SampleRequest> requests,
        SamplingOptions sampling,
        CancellationToken cancel
    )
    {
        var rollouts = await _context.Sampler.SampleAsync(requests, sampling with { ReportSupport = false }, cancel);
        var scores = _options.Scores.InUnitOf(await _context.Reward.ScoreAsync(rollouts, cancel), _scores);
        return
        [
            .. rollouts.Zip(scores, (rollout, score) => _options.Scores.Apply(rollout, score, sampling.MaxNewTokens).Sum(r => r.Value)),
        ];
    }

    private static void AddTime(Metrics measured, string name, Stopwatch clock) =>
        measured.Set(name, (measured.Contains(name) ? measured[name] : 0) + Lap(clock));

    private ScoredAnswer[] Score(IReadOnlyList<Rollout> rollouts, IReadOnlyList<Score> scores)
    {
        TokenSequence[] sequences = [.. rollouts.Select(r => r.Sequence)];
        var (logProbs, values, entropy) = PolicyPass(rollouts, sequences);
        if (AgreesWithSampler)
        {
            RolloutInvariants.RequireAgreement(rollouts, logProbs);
        }

        var reference = AnswerLogProbs.Of(_context.Reference, sequences, _options.Sampling.Temperature, _context.Shared);
        var full = FullKl(sequences);
        var answers = new ScoredAnswer[rollouts.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            var rewards = _options.Scores.Apply(rollouts[i], scores[i], _options.Sampling.MaxNewTokens);
            answers[i] = new ScoredAnswer(rollouts[i], logProbs[i], reference[i], values[i], rewards, rewards.Sum(r => r.Value))
            {
                Entropy = entropy[i],
                FullKl = full[i],
                Parts = scores[i].Parts,
            };
        }

        return answers;
    }

    /// <summary>Log-probabilities and, where they are needed, values and entropies from one pass over the policy's trunk.</summary>
    private (float[][] LogProbs, float[][] Values, float[][] Entropy) PolicyPass(
        IReadOnlyList<Rollout> rollouts,
        IReadOnlyList<TokenSequence> sequences
    )
    {
        var outputs = AnswerLogProbs.ByLength(
            sequences,
            (batch, rows) =>
            {
                var states = FrozenLayerCache.HiddenAt(_context.Policy, batch, batch.Predictors, _context.Shared);
                var support = rows.Select(row => rollouts[row].Support);
                var scores = Surrogate.Score(_context.Policy, states, batch, _options.Sampling.Temperature, support);
                var values = Critic is { } critic ? critic.OfAnswers(batch, states) : null;
                return NeedsEntropy ? [scores.LogProbs, scores.Entropy, .. Some(values)] : [scores.LogProbs, .. Some(values)];
            }
        );
        float[][] none = [.. sequences.Select(_ => Array.Empty<float>())];
        return (outputs[0], Critic is null ? none : outputs[^1], NeedsEntropy ? outputs[1] : none);
    }

    /// <summary>KL(pi || pi_ref) over the vocabulary at each answer token, where the penalty is made of it.</summary>
    private float[][] FullKl(IReadOnlyList<TokenSequence> sequences) =>
        _options.Kl?.KlEstimator != KlEstimator.Full
            ? [.. sequences.Select(_ => Array.Empty<float>())]
            : AnswerLogProbs.ByLength(
                sequences,
                batch => [Divergence.Full(Logits(_context.Policy, batch), Logits(_context.Reference, batch))]
            )[0];

    private Tensor Logits(LanguageModel model, TokenBatch batch) =>
        model.Logits(FrozenLayerCache.HiddenAt(model, batch, batch.Predictors, _context.Shared)) / _options.Sampling.Temperature;

    private static Tensor[] Some(Tensor? tensor) => tensor is null ? [] : [tensor];
}
