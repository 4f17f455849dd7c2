using System.Collections.Immutable;
using System.Globalization;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Models.Architecture;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;

namespace Attune.Methods.Preference;

/// <summary>
/// Rounds of fresh answers, judged and paired. Any judge will do: simulated annotators, a reward, a person, people elsewhere.
/// </summary>
public sealed class OnlineDpoExperience(OnlineDpoOptions options) : IExperience<PreferencePair>
{
    public required LanguageModel Policy { get; init; }

    /// <summary>Overwritten by the policy at each round where the options refresh it.</summary>
    public required LanguageModel Reference { get; init; }

    public required PromptPool Prompts { get; init; }
    public required ISampler Sampler { get; init; }
    public required SamplingOptions Sampling { get; init; }
    public required IFeedbackSource Judge { get; init; }

    /// <summary>The text of an answer, as the judge reads it.</summary>
    public required Func<Prompt, TokenSequence, string> Decode { get; init; }

    /// <summary>Held-out prompts; null to look at none.</summary>
    public PolicyEvaluation? Evaluation { get; init; }

    /// <summary>How often a round is drawn before its lack of preferences ends the run.</summary>
    private const int Draws = 3;

    public long PlannedUpdates => options.Rounds * UpdatesPerRound;

    public string? StoppedBecause { get; private set; }

    private long UpdatesPerRound =>
        options.Epochs * ((options.Questions * (options.Answers - 1) + options.Training.BatchSize - 1) / options.Training.BatchSize);

    public async ValueTask<Round<PreferencePair>?> NextAsync(Progress at, CancellationToken cancel)
    {
        if (at.Round >= options.Rounds)
        {
            return null;
        }

        var measured = new Metrics();
        await Sampler.UseWeightsAsync(Policy, at.Updates, cancel);
        var samples = await LookAsync(at, measured, cancel);
        if (options.RefreshReference)
        {
            Policy.CopyInto(Reference);
        }

        // One round of ties may be chance; the same policy's third in a row hardly is.
        for (var draw = 0; draw < Draws; draw++)
        {
            var questions = await AnswerAsync(at, draw, measured, cancel);
            var best = await JudgeAsync(questions, measured, cancel);
            var pairs = Pairs(questions, best);
            if (pairs.Length > 0)
            {
                Measure(measured, questions, pairs);
                return new Round<PreferencePair>(Updates(pairs, at), measured, (draw + 1) * questions.Length * options.Answers, samples);
            }
        }

        StoppedBecause = $"{Judge.Name} preferred no answer in round {at.Round + 1}, drawn {Draws} times: nothing can be learned from that";
        return null;
    }

    private sealed record Asked(Question Question, ImmutableArray<Rollout> Rollouts);

    private async ValueTask<IReadOnlyList<SampleEvent>> LookAsync(Progress at, Metrics measured, CancellationToken cancel)
    {
        if (Evaluation is null || at.Round % options.EvaluateEvery != 0)
        {
            return [];
        }

        var answers = await Evaluation.EvaluateAsync(Policy, cancel);
        measured.Add(PolicyEvaluation.Summarise(answers));
        return
        [
            .. answers
                .Take(8)
                .Select(a => new SampleEvent("online-dpo", at.Updates, a.PromptIndex, a.Prompt, a.Answer, a.Gold, a.Proxy, a.LogRatio)),
        ];
    }

    private async ValueTask<Asked[]> AnswerAsync(Progress at, int draw, Metrics measured, CancellationToken cancel)
    {
        var seed = draw == 0 ? at.Seed : at.Seed.For("draw", draw);
        // Several answers to one prompt: one request a prompt, answered with different seeds.
        var order = seed.For("prompts", at.Round).Rng().Permutation(Prompts.Count);
        int[] prompts = [.. Enumerable.Range(0, options.Questions).Select(i => order[i % order.Length])];
        SampleRequest[] requests =
        [
            .. prompts.SelectMany(
                (prompt, i) =>
                    Enumerable.Range(0, options.Answers).Select(k => Prompts.Request(prompt, seed.For("rollout", at.Round, i, k)))
            ),
        ];
        var rollouts = await Sampler.SampleAsync(requests, Sampling, cancel);
        foreach (var rollout in rollouts)
        {
            measured.Add("response_length/mean", rollout.Sequence.AnswerLength);
            measured.Add("response_length/clip_ratio", rollout.Stop == StopReason.Length ? 1 : 0);
        }

        return
        [
            .. prompts.Select(
                (prompt, i) =>
                {
                    ImmutableArray<Rollout> own = [.. rollouts.Skip(i * options.Answers).Take(options.Answers)];
                    var id = string.Create(CultureInfo.InvariantCulture, $"online-dpo/{at.Round}/{(draw == 0 ? "" : $"again-{draw}/")}{i}");
                    return new Asked(
                        new Question(id, Prompts[prompt], [.. own.Select(r => Decode(Prompts[prompt], r.Sequence))], at.Updates)
                        {
                            Cut = CutAnswers.Of(own.Select(r => r.Stop == StopReason.Length)),
                        },
                        own
                    );
                }
            ),
        ];
    }

    /// <summary>
    /// Index of the best answer by question; questions without one are absent. Answers that read alike are not asked about.
    /// </summary>
    private async ValueTask<Dictionary<string, int>> JudgeAsync(Asked[] asked, Metrics measured, CancellationToken cancel)
    {
        var best = new Dictionary<string, int>(StringComparer.Ordinal);
        Question[] questions = [.. asked.Select(a => a.Question).Where(q => q.Answers.Distinct(StringComparer.Ordinal).Count() > 1)];
        measured.Set("judge/alike", 1 - (double)questions.Length / asked.Length);
        var replies = 0;
        await foreach (var reply in Judge.AskAsync(questions, cancel))
        {
            replies++;
            if (reply.Best is { } index)
            {
                best[reply.QuestionId] = index;
            }
        }

        measured.Set("judge/ties", replies == 0 ? 0 : 1 - (double)best.Count / replies);
        return best;
    }

    private PreferencePair[] Pairs(Asked[] asked, Dictionary<string, int> best)
    {
        TokenPair[] pairs =
        [
            .. from question in asked
            where best.ContainsKey(question.Question.Id)
            let index = best[question.Question.Id]
            let chosen = question.Rollouts[index].Sequence
            from other in question.Rollouts
            where !other.Sequence.Equals(chosen)
            select new TokenPair(chosen, other.Sequence),
        ];
        var (kept, lost) = (
            AnswerSums.Plain(Reference, [.. pairs.Select(p => p.Chosen)]),
            AnswerSums.Plain(Reference, [.. pairs.Select(p => p.Rejected)])
        );
        return [.. pairs.Select((p, i) => new PreferencePair(p, new ReferenceLogProbs(kept[i], lost[i])))];
    }

    private void Measure(Metrics measured, Asked[] asked, PreferencePair[] pairs)
    {
        TokenSequence[] answers = [.. asked.SelectMany(a => a.Rollouts.Select(r => r.Sequence))];
        var (own, reference) = (AnswerSums.Plain(Policy, answers), AnswerSums.Plain(Reference, answers));
        measured.Set("objective/kl", own.Zip(reference, (p, r) => p - r).Average());
        measured.Set("objective/entropy", -own.Average());
        measured.Set("judge/pairs", pairs.Length);
    }

    private List<IReadOnlyList<PreferencePair>> Updates(PreferencePair[] pairs, Progress at)
    {
        // As many updates as planned, however many answers were alike or tied: the schedule counts on it.
        var perEpoch = (int)(UpdatesPerRound / options.Epochs);
        var updates = new List<IReadOnlyList<PreferencePair>>();
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            var order = at.Seed.For("minibatches", at.Round, epoch).Rng().Permutation(pairs.Length);
            for (var i = 0; i < Math.Min(perEpoch, pairs.Length); i++)
            {
                updates.Add([.. order.Where((_, place) => place % Math.Min(perEpoch, pairs.Length) == i).Select(index => pairs[index])]);
            }
        }

        return updates;
    }

    /// <summary>The objective that goes with the options: every pair carries its reference.</summary>
    public static IObjective<PreferencePair> Objective(OnlineDpoOptions options, LanguageModel policy) =>
        options.LossType == OnlineLoss.Ipo
            ? new Ipo.Objective(new IpoOptions { Beta = options.Beta }, policy, null)
            : new Dpo.Objective(new DpoOptions { Beta = options.Beta, LabelSmoothing = options.LabelSmoothing }, policy, null);
}
