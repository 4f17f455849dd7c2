using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Reports.Frontier;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Frontier;

/// <summary>
/// One seed's measuring: the reference, the proxy and the prompts are loaded once, and every policy is evaluated the same way. Where
/// answers can be enumerated its figures are sums, otherwise means over sampled answers.
/// </summary>
internal sealed class FrontierEvaluation : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly FrontierEvaluationOptions _options;
    private readonly LocalSampler _sampler;
    private readonly Seed _seed;

    private FrontierEvaluation(FrontierEvaluationOptions options, Artifacts given, StageContext context)
    {
        _options = options;
        _seed = context.Seed;
        var encoder = context.LoadEncoder();
        var (prompts, _) = DataSource.Prompts(options.Prompts, DataSource.IsWorld(options.Prompts) ? options.Rows : 0, context);
        Reference = Own(context.LoadPolicy());
        _sampler = Own(new LocalSampler());
        Prompts = new PromptPool([
            .. Enumerable.Range(0, options.Rows).Select(i => prompts[i % prompts.Length]).Select(p => ((Prompt)p, encoder.EncodePrompt(p))),
        ]);
        var utility =
            options.Gold
            ?? given.Utility
            ?? throw new ConfigurationException(
                "evaluation.gold is missing: no simulated annotators say what is wanted. Expected the name of a hidden utility."
            );
        var pretrained = given.PretrainedApart is { } folder ? Own(ModelFiles.LoadLanguageModel(folder)) : Reference;
        Evaluation = new PolicyEvaluation
        {
            Prompts = Prompts,
            Count = options.Rows,
            Sampler = _sampler,
            Sampling = new SamplingOptions
            {
                Temperature = options.Temperature,
                MaxNewTokens = options.MaxNewTokens,
                EndToken = encoder.Tokenizer.EndToken,
            },
            Proxy = Proxy(encoder, given.Reward),
            Gold = Utilities.AsReward(utility, encoder.Tokenizer),
            HasUnknownWord = Utilities.UnknownWordsOf(utility),
            Reference = Reference,
            Pretrained = pretrained,
            Tokenizer = encoder.Tokenizer,
            Seed = context.Seed,
        };
    }

    public LanguageModel Reference { get; }

    public PromptPool Prompts { get; }

    public PolicyEvaluation Evaluation { get; }

    /// <summary>Null where answers cannot be enumerated.</summary>
    public ExactEvaluation? Exact { get; private set; }

    /// <exception cref="AttuneException">The base left no reward model, or the prompts do not fit.</exception>
    public static async Task<FrontierEvaluation> OpenAsync(
        FrontierEvaluationOptions options,
        Artifacts given,
        StageContext context,
        CancellationToken cancel
    )
    {
        var evaluation = new FrontierEvaluation(options, given, context);
        evaluation.Exact = await ExactEvaluation.PrepareAsync(evaluation.Evaluation, cancel);
        return evaluation;
    }

    /// <summary>Measures a policy: a model folder.</summary>
    public async Task<(FrontierPoint Point, Dictionary<string, double> Figures)> EvaluateAsync(
        string policyFolder,
        CancellationToken cancel
    )
    {
        using var policy = ModelFiles.LoadLanguageModel(policyFolder);
        return await EvaluateAsync(policy, cancel);
    }

    public async Task<(FrontierPoint Point, Dictionary<string, double> Figures)> EvaluateAsync(
        LanguageModel policy,
        CancellationToken cancel
    )
    {
        if (Exact is not null)
        {
            var counted = Exact.Measure(policy, beta: null);
            return (PointOf(counted), new Dictionary<string, double>(counted.Means()));
        }

        await _sampler.UseWeightsAsync(policy, 0, cancel);
        var answers = await Evaluation.EvaluateAsync(policy, cancel);
        var means = PolicyEvaluation.Summarise(answers);
        return (
            new FrontierPoint(means["eval/kl"], means["eval/gold_reward"], means["eval/proxy_reward"]),
            new Dictionary<string, double>(means.Means())
        );
    }

    public static FrontierPoint PointOf(Metrics exact) =>
        new(exact["eval/exact_kl"], exact["eval/exact_gold_reward"], exact["eval/exact_proxy_reward"]);

    /// <summary>Answers of the reference to some prompts, many to each, with what gold and proxy say of them.</summary>
    /// <param name="finished">Receives the numbers of finished prompts and of all prompts.</param>
    /// <returns>By prompt, in ascending order of proxy.</returns>
    public async Task<ImmutableArray<(double Proxy, double Gold)[]>> DrawAsync(
        int draws,
        Action<int, int> finished,
        CancellationToken cancel
    )
    {
        await _sampler.UseWeightsAsync(Reference, 0, cancel);
        var groups = ImmutableArray.CreateBuilder<(double, double)[]>();
        var prompts = Math.Min(_options.BestOfPrompts, Prompts.Count);
        for (var i = 0; i < prompts; i++)
        {
            cancel.ThrowIfCancellationRequested();
            SampleRequest[] requests = [.. Enumerable.Range(0, draws).Select(k => Prompts.Request(i, _seed.For("best of n", i, k)))];
            var rollouts = await _sampler.SampleAsync(requests, Evaluation.Sampling, cancel);
            var proxy = await Evaluation.Proxy!.ScoreAsync(rollouts, cancel);
            var gold = await Evaluation.Gold!.ScoreAsync(rollouts, cancel);
            groups.Add([.. proxy.Zip(gold, (p, g) => (p.Total, g.Total)).OrderBy(s => s.Item1)]);
            finished(i + 1, prompts);
        }

        return groups.ToImmutable();
    }

    public void Dispose() => _owned.ForEach(o => o.Dispose());

    private IReward Proxy(Encoder encoder, string? trained)
    {
        ImmutableArray<RewardTerm> terms = _options.Proxy.IsDefaultOrEmpty ? [new ModelTerm { Model = ModelTerm.Trained }] : _options.Proxy;
        return RewardTerm.Sum(
            terms,
            new RewardContext
            {
                Stage = "evaluation",
                Encoder = encoder,
                Owned = _owned,
                TrainedFolder = trained,
            }
        );
    }

    private T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }
}
