using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Statistics;
using Attune.Models.Architecture;
using Attune.Text.Tokenizers;
using Attune.Training.Batches;
using Attune.Training.Contracts;

namespace Attune.Training.Evaluation;

/// <summary>One held-out answer with all that is known of it.</summary>
/// <param name="LogRatio">log pi - log pi_ref summed over the answer, nats.</param>
/// <param name="PretrainedLogProb">Of the answer under the untouched pretrained model, nats; null where there is none.</param>
/// <param name="UnknownWord">Whether it has a word that the world of its prompts does not know; null where no world says.</param>
public sealed record EvaluatedAnswer(
    int PromptIndex,
    string Prompt,
    string Answer,
    Rollout Rollout,
    double? Proxy,
    double? Spread,
    double? Gold,
    double LogRatio,
    double LogRatioK3,
    double? PretrainedLogProb,
    bool? UnknownWord
);

/// <summary>
/// The same held-out prompts with the same seeds, whenever it is asked: what the policy answers now, and what gold, proxy and the
/// reference say of it.
/// </summary>
public sealed class PolicyEvaluation
{
    public required PromptPool Prompts { get; init; }
    public required int Count { get; init; }
    public required ISampler Sampler { get; init; }
    public required SamplingOptions Sampling { get; init; }

    /// <summary>What is optimised; null where the method has no reward of its own and no reward model is at hand.</summary>
    public required IReward? Proxy { get; init; }

    /// <summary>What annotators really want, where they are simulated; never trained on.</summary>
    public IReward? Gold { get; init; }

    /// <summary>Whether an answer has a word that the world of its prompts does not know; null where no world says.</summary>
    public Func<string, bool>? HasUnknownWord { get; init; }

    public required LanguageModel Reference { get; init; }

    /// <summary>The model before any fine-tuning, as the judge of fluency.</summary>
    public LanguageModel? Pretrained { get; init; }

    /// <summary>Lower states that policy, reference and others share; null where nothing is shared.</summary>
    public FrozenLayerCache? Shared { get; init; }

    public required ITokenizer Tokenizer { get; init; }
    public required Seed Seed { get; init; }

    /// <summary>Reward worth one nat of divergence in what is being optimised; null where it changes or does not apply.</summary>
    public double? Beta { get; init; }

    private ExactEvaluation? _exact;
    private bool _prepared;

    /// <summary>Call when the proxy was replaced: exact figures are computed again.</summary>
    public void ForgetExact() => (_exact, _prepared) = (null, false);

    /// <summary>Figures without chance, the distance to the best policy among them; none where answers cannot be enumerated.</summary>
    public async ValueTask<Metrics> ExactAsync(LanguageModel policy, CancellationToken cancel)
    {
        if (!_prepared)
        {
            (_exact, _prepared) = (await ExactEvaluation.PrepareAsync(this, cancel), true);
        }

        return _exact?.Measure(policy, Beta) ?? new Metrics();
    }

    /// <summary>Samples an answer to each held-out prompt and measures it.</summary>
    /// <param name="policy">The model whose weights the sampler has.</param>
    public async ValueTask<IReadOnlyList<EvaluatedAnswer>> EvaluateAsync(LanguageModel policy, CancellationToken cancel)
    {
        var count = Math.Min(Count, Prompts.Count);
        var requests = Enumerable.Range(0, count).Select(i => Prompts.Request(i, Seed.For("exam", i))).ToArray();
        var rollouts = await Sampler.SampleAsync(requests, Sampling, cancel);
        var proxy = Proxy is null ? null : await Proxy.ScoreAsync(rollouts, cancel);
        var gold = Gold is null ? null : await Gold.ScoreAsync(rollouts, cancel);
        Core.Tokens.TokenSequence[] sequences = [.. rollouts.Select(r => r.Sequence)];
        var own = AnswerLogProbs.Of(policy, sequences, Sampling.Temperature, Shared);
        var reference = ReferenceEquals(policy, Reference) ? own : AnswerLogProbs.Of(Reference, sequences, Sampling.Temperature, Shared);
        var pretrained =
            Pretrained is null ? null
            : ReferenceEquals(Pretrained, Reference) && Sampling.Temperature == 1 ? reference
            : AnswerLogProbs.Of(Pretrained, sequences, shared: Shared);
        Shared?.Forget();
        string[] texts = [.. sequences.Select(s => Tokenizer.DecodeContinuation(s.Answer))];
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new EvaluatedAnswer(
                    i,
                    Tokenizer.Decode(sequences[i].Prompt),
                    texts[i],
                    rollouts[i],
                    proxy?[i].Total,
                    proxy?[i].Spread,
                    gold?[i].Total,
                    LogRatio(own[i], reference[i], Numerics.Divergence.K1),
                    LogRatio(own[i], reference[i], Numerics.Divergence.K3),
                    pretrained?[i].Sum(p => (double)p),
                    HasUnknownWord?.Invoke(texts[i])
                )),
        ];
    }

    /// <summary>Evaluates to decide by: where training stops, and which weights are the best.</summary>
    /// <param name="measured">Takes the rewards, under names of their own.</param>
    public async ValueTask<Metrics> ValidateAsync(LanguageModel policy, Metrics measured, CancellationToken cancel)
    {
        var summary = Summarise(await EvaluateAsync(policy, cancel));
        foreach (var name in (string[])["gold_reward", "proxy_reward", "ensemble_sd"])
        {
            if (summary.Contains("eval/" + name))
            {
                measured.Set("validation/" + name, summary["eval/" + name]);
            }
        }

        return summary;
    }

    /// <summary>Means of an evaluation under the metric names of the catalogue.</summary>
    public static Metrics Summarise(IReadOnlyList<EvaluatedAnswer> answers)
    {
        var metrics = new Metrics();
        foreach (var answer in answers)
        {
            Add(metrics, answer);
        }

        Variety(metrics, [.. answers.Select(a => a.Answer)]);
        Spread(metrics, "eval/proxy_reward_sd", [.. answers.Select(a => a.Proxy).OfType<double>()]);
        Spread(metrics, "eval/gold_reward_sd", [.. answers.Select(a => a.Gold).OfType<double>()]);
        if (answers.All(a => a.PretrainedLogProb is not null))
        {
            metrics.Set(
                "eval/perplexity_pretrained",
                Math.Exp(-answers.Sum(a => a.PretrainedLogProb!.Value) / answers.Sum(a => a.Rollout.Sequence.AnswerLength))
            );
        }

        return metrics;
    }

    private static void Add(Metrics metrics, EvaluatedAnswer answer)
    {
        metrics.Add("eval/kl", answer.LogRatio);
        metrics.Add("eval/kl_k3", answer.LogRatioK3);
        metrics.Add("eval/response_length", answer.Rollout.Sequence.AnswerLength);
        if (answer.Proxy is { } proxy)
        {
            metrics.Add("eval/proxy_reward", proxy);
            metrics.Add("eval/proxy_positive_share", proxy > 0 ? 1 : 0);
        }

        if (answer.Gold is { } gold)
        {
            metrics.Add("eval/gold_reward", gold);
            metrics.Add("eval/gold_positive_share", gold > 0 ? 1 : 0);
        }

        if (answer.Spread is { } spread)
        {
            metrics.Add("eval/ensemble_sd", spread);
        }

        if (answer.UnknownWord is { } unknown)
        {
            metrics.Add("eval/unknown_word_share", unknown ? 1 : 0);
        }
    }

    private static void Variety(Metrics metrics, string[] answers)
    {
        if (answers.Length > 0)
        {
            metrics.Set("eval/distinct_answers", AnswerVariety.Distinct(answers));
            metrics.Set("eval/distinct_2", AnswerVariety.DistinctPairs(answers));
        }
    }

    private static void Spread(Metrics metrics, string name, double[] values)
    {
        if (values.Length > 0)
        {
            metrics.Set(name, Math.Sqrt(Moments.Of(values).Variance));
        }
    }

    private static double LogRatio(float[] own, float[] reference, Func<double, double> estimator)
    {
        var sum = 0.0;
        for (var t = 0; t < own.Length; t++)
        {
            sum += estimator((double)own[t] - reference[t]);
        }

        return sum;
    }
}
