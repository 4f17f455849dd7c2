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

    /// <summary>
    /// Held-out prompts by which the best weights are chosen, other than those of <see cref="Evaluation"/>; null where those must do for
    /// both.
    /// </summary>
    public PolicyEvaluation? Validation { get; init; }

    /// <summary>The reward of answers to held-out prompts; null without a reward model: verdicts alone measure nothing.</summary>
    Func<Progress, CancellationToken, ValueTask<Metrics>>? IExperience<PreferencePair>.Evaluation =>
        Evaluation?.Proxy is null ? null : MeasureAsync;

    /// <summary>How often a round is drawn before its lack of preferences ends the run.</summary>
    private const int Draws = 3;

    public long PlannedUpdates => options.Rounds * UpdatesPerRound;

    public string? StoppedBecause { get; private set; }

    private long UpdatesPerRound =>
        options.Epochs * ((options.Questions * options.PairsOfQuestion + options.Training.BatchSize - 1) / options.Training.BatchSize);

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
            var replies = await JudgeAsync(questions, measured, cancel);
            var pairs = Pairs(questions, replies);
            if (pairs.Length > 0)
            {
                Measure(measured, questions, pairs);
                return new Round<PreferencePair>(Updates(pairs, at), measured, (draw + 1) * questions.Length * options.Answers, samples);
            }
        }

        StoppedBecause = $"{Judge.Name} preferred no answer in round {at.Round + 1}, drawn {Draws} times: nothing can be learned from that";
        return null;
    }

    /// <param name="FromOpponent">Index of the answer that reference or mixture wrote; null where the policy wrote all.</param>
    private sealed record Asked(Question Question, ImmutableArray<Rollout> Rollouts, int? FromOpponent);

    private async ValueTask<IReadOnlyList<SampleEvent>> LookAsync(Progress at, Metrics measured, CancellationToken cancel)
    {
        if (Evaluation is null || at.Round % options.EvaluateEvery != 0)
        {
            return [];
        }

        // Its sampler may be another one than that of the rounds.
        await Evaluation.Sampler.UseWeightsAsync(Policy, at.Updates, cancel);
        var answers = await Evaluation.EvaluateAsync(Policy, cancel);
        measured.Add(PolicyEvaluation.Summarise(answers));
        if (Validation is not null)
        {
            await Validation.ValidateAsync(Policy, measured, cancel);
        }

        return
        [
            .. answers
                .Take(8)
                .Select(a => new SampleEvent("online-dpo", at.Updates, a.PromptIndex, a.Prompt, a.Answer, a.Gold, a.Proxy, a.LogRatio)),
        ];
    }

    private async ValueTask<Metrics> MeasureAsync(Progress at, CancellationToken cancel)
    {
        var measured = new Metrics();
        await Evaluation!.Sampler.UseWeightsAsync(Policy, at.Updates, cancel);
        var summary = await (Validation ?? Evaluation).ValidateAsync(Policy, measured, cancel);
        return Validation is null ? summary : measured;
    }

    private async ValueTask<Asked[]> AnswerAsync(Progress at, int draw, Metrics measured, CancellationToken cancel)
    {
        var seed = draw == 0 ? at.Seed : at.Seed.For("draw", draw);
        var order = seed.For("prompts", at.Round).Rng().Permutation(Prompts.Count);
        int[] prompts = [.. Enumerable.Range(0, options.Questions).Select(i => order[i % order.Length])];
        // Several answers to one prompt: one request a prompt, answered with different seeds.
        var rollouts = await SampleAsync((i, k) => Prompts.Request(prompts[i], seed.For("rollout", at.Round, i, k)), at, cancel);
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
                    // Whoever judges by position must not tell the opponent's answer by it.
                    var turned = options.HasOpponent && seed.For("order", at.Round, i).Rng().NextInt(2) == 1;
                    var drawn = rollouts.Skip(i * options.Answers).Take(options.Answers);
                    ImmutableArray<Rollout> own = [.. turned ? drawn.Reverse() : drawn];
                    var id = string.Create(CultureInfo.InvariantCulture, $"online-dpo/{at.Round}/{(draw == 0 ? "" : $"again-{draw}/")}{i}");
                    return new Asked(
                        new Question(id, Prompts[prompt], [.. own.Select(r => Decode(Prompts[prompt], r.Sequence))], at.Updates)
                        {
                            Cut = CutAnswers.Of(own.Select(r => r.Stop == StopReason.Length)),
                        },
                        own,
                        !options.HasOpponent ? null
                            : turned ? 0
                            : 1
                    );
                }
            ),
        ];
    }

    /// <summary>The answers to all questions, one question's after another's; the last of each is the opponent's, if any.</summary>
    private async ValueTask<Rollout[]> SampleAsync(Func<int, int, SampleRequest> request, Progress at, CancellationToken cancel)
    {
        var own = options.HasOpponent ? options.Answers - 1 : options.Answers;
        SampleRequest[] requests =
        [
            .. Enumerable.Range(0, options.Questions).SelectMany(i => Enumerable.Range(0, own).Select(k => request(i, k))),
        ];
        var rollouts = await Sampler.SampleAsync(requests, Sampling, cancel);
        if (!options.HasOpponent)
        {
            return [.. rollouts];
        }

        await Sampler.UseMixtureAsync(Policy, Reference, options.MixtureCoef ?? 1, at.Updates, cancel);
        var others = await Sampler.SampleAsync([.. Enumerable.Range(0, options.Questions).Select(i => request(i, own))], Sampling, cancel);
        await Sampler.UseWeightsAsync(Policy, at.Updates, cancel);
        return [.. Enumerable.Range(0, options.Questions).SelectMany(i => rollouts.Skip(i * own).Take(own).Append(others[i]))];
    }

    /// <summary>The replies by question. Answers that read alike are not asked about.</summary>
    private async ValueTask<Dictionary<string, Reply>> JudgeAsync(Asked[] asked, Metrics measured, CancellationToken cancel)
    {
        var replies = new Dictionary<string, Reply>(StringComparer.Ordinal);
        Question[] questions = [.. asked.Select(a => a.Question).Where(q => q.Answers.Distinct(StringComparer.Ordinal).Count() > 1)];
        measured.Set("judge/alike", 1 - (double)questions.Length / asked.Length);
        await foreach (var reply in Judge.AskAsync(questions, cancel))
        {
            replies[reply.QuestionId] = reply;
        }

        measured.Set("judge/ties", replies.Count == 0 ? 0 : replies.Values.Average(r => r.Best is null ? 1.0 : 0));
        return replies;
    }

    private PreferencePair[] Pairs(Asked[] asked, Dictionary<string, Reply> replies)
    {
        (TokenPair Pair, ExploredSide? Explored)[] judged =
        [
            .. from question in asked
            let reply = replies.GetValueOrDefault(question.Question.Id)
            where reply is { Best: not null }
            let best = reply!.Best!.Value
            let chosen = question.Rollouts[best].Sequence
            from other in Enumerable.Range(0, question.Rollouts.Length)
            where options.Pairs == JudgedPairs.BestOthers || other == reply.Worst
            where !question.Rollouts[other].Sequence.Equals(chosen)
            select (
                new TokenPair(chosen, question.Rollouts[other].Sequence),
                question.FromOpponent is not { } explored ? (ExploredSide?)null
                : explored == best ? ExploredSide.Chosen
                : ExploredSide.Rejected
            ),
            .. options.MixtureCoef is null ? [] : Undecided(asked, replies),
        ];
        TokenPair[] pairs = [.. judged.Select(j => j.Pair)];
        var (kept, lost) = (
            AnswerSums.Plain(Reference, [.. pairs.Select(p => p.Chosen)]),
            AnswerSums.Plain(Reference, [.. pairs.Select(p => p.Rejected)])
        );
        return
        [
            .. pairs.Select((p, i) => new PreferencePair(p, new ReferenceLogProbs(kept[i], lost[i])) { Explored = judged[i].Explored }),
        ];
    }

    /// <summary>Answers that read alike, and ties: neither is preferred, but the policy's divergence is paid for all the same.</summary>
    private static IEnumerable<(TokenPair, ExploredSide?)> Undecided(Asked[] asked, Dictionary<string, Reply> replies) =>
        from question in asked
        let reply = replies.GetValueOrDefault(question.Question.Id)
        where reply is null ? question.Question.Answers[0] == question.Question.Answers[1] : reply.Best is null
        select (
            new TokenPair(question.Rollouts[0].Sequence, question.Rollouts[1].Sequence) { Probability = 0.5 },
            (ExploredSide?)(question.FromOpponent == 0 ? ExploredSide.Chosen : ExploredSide.Rejected)
        );

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
        options.MixtureCoef is not null ? new NashMd.Objective(options, policy)
        : options.XpoAlpha > 0 ? new Xpo.Objective(options, policy)
        : options.LossType == OnlineLoss.Ipo ? new Ipo.Objective(new IpoOptions { Beta = options.Beta }, policy, null)
        : new Dpo.Objective(new DpoOptions { Beta = options.Beta, LabelSmoothing = options.LabelSmoothing }, policy, null);
}
