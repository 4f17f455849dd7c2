using System.Diagnostics;
using Attune.Core;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Kernels;
using Attune.Methods;
using Attune.Methods.Policy;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Batches;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;
using Attune.Training.Rewards;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>How answers are drawn and measured.</summary>
/// <param name="Method">How the method samples and trains; null where nothing is trained.</param>
internal sealed record AnswerOptions(AnswerSampling Sampling, int EvaluationPrompts, IPolicyOptions? Method = null)
{
    /// <summary>Whether held-out answers decide where to stop, or which weights are best: on as many prompts of their own.</summary>
    public bool Validates =>
        Method is { Training.KeepBest: true } or { Rollouts.StopOnGoldDrop: > 0 } or { Rollouts.StopOnDisagreement: > 0 };

    public int HeldOutPrompts => EvaluationPrompts * (Validates ? 2 : 1);
}

/// <summary>
/// A policy with everything that it is judged and measured by, loaded once for a stage: the reference it starts as, prompts, reward,
/// sampler, and the evaluation on held-out prompts before and after.
/// </summary>
internal sealed class PolicySetup : IDisposable
{
    private readonly Owned _owned = new();
    private readonly string _kind;
    private readonly StageContext _context;
    private IReadOnlyList<EvaluatedAnswer> _before = [];
    private Metrics _exactBefore = new();
    private readonly Stopwatch _evaluating = new();
    private readonly LanguageModel? _followed;
    private readonly MovingReference? _moving;

    /// <param name="kind">The stage's, for messages and samples.</param>
    /// <param name="trained">The learned reward, where it is not the reward stage's model.</param>
    public PolicySetup(string kind, PolicyTask task, AnswerOptions options, StageContext context, IReward? trained = null)
    {
        (_kind, _context) = (kind, context);
        try
        {
            Encoder = context.LoadEncoder();
            (Prompts, HeldOut, Hash) = task.LoadPrompts(context, Encoder, options.HeldOutPrompts);
            var precision = options.Method?.Training.Precision ?? Precision.F32;
            (Policy, var origin) = options.Method?.Training is { } learning ? context.LoadLearner(learning) : (context.LoadPolicy(), null);
            Own(Policy);
            Reference = Own(origin ?? Policy.Copy());
            var pretrained = context.Artifacts.PretrainedApart is { } folder
                ? Own(ModelFiles.LoadLanguageModel(folder, precision))
                : Reference;
            if (options.Method is { } method)
            {
                context.FreezeLayers(Policy, method.Training);
                Shared = method is { Training.FrozenLayers: > 0, Rollouts.SharedStatesMb: > 0 }
                    ? Own(new FrozenLayerCache(Policy, method.Training.FrozenLayers, method.Rollouts.SharedStatesMb * 1_000_000L))
                    : null;
                Shared?.Share(Reference);
                Shared?.Share(pretrained);
            }

            (_followed, _moving) = Follow(options.Method?.Kl?.Moves);

            Reward = task.BuildReward(kind, context, Encoder, _owned.Things, trained, Shared, precision);
            Sampler = Own(new LocalSampler { Type = options.Method?.SamplingType() ?? KernelType.F32, Decode = Encoder.Tokenizer.Decode });
            Sampling = options.Sampling.ToSampler() with { EndToken = Encoder.Tokenizer.EndToken, BatchSize = 64 };
            Evaluation = MakeEvaluation(task, options, pretrained, HeldOut);
            Validation = options.Validates ? MakeValidation(task, options, pretrained) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// A reference that follows the policy is a copy: what is measured before and after is measured against the first. Null where it stays.
    /// </summary>
    private (LanguageModel?, MovingReference?) Follow(MovingReferenceOptions? moves)
    {
        if (moves is not { SyncRefModel: true })
        {
            return (null, null);
        }

        var copy = Own(Reference.Copy());
        Shared?.Share(copy);
        return (copy, new MovingReference(moves, Policy, copy));
    }

    private PolicyEvaluation? MakeValidation(PolicyTask task, AnswerOptions options, LanguageModel pretrained)
    {
        if (HeldOut.Count > options.EvaluationPrompts)
        {
            return MakeEvaluation(task, options, pretrained, HeldOut.From(options.EvaluationPrompts));
        }

        _context.Note(
            $"{_kind}: where to stop, or which weights are best, is judged on the {HeldOut.Count} held-out prompts that the final figures "
                + "use, which flatters them: there are no others. Give more held-out prompts than evaluation_prompts"
        );
        return null;
    }

    private PolicyEvaluation MakeEvaluation(PolicyTask task, AnswerOptions options, LanguageModel pretrained, PromptPool prompts) =>
        new()
        {
            Prompts = prompts,
            Count = options.EvaluationPrompts,
            Sampler = Sampler,
            Sampling = Sampling,
            Proxy = Reward,
            Gold = task.BuildGold(_kind, _context, Encoder, _owned.Things),
            HasUnknownWord = Utilities.UnknownWordsOf(task.UtilityIn(_context)),
            Reference = Reference,
            Pretrained = pretrained,
            Shared = Shared,
            Tokenizer = Encoder.Tokenizer,
            Seed = _context.Seed,
            Beta = options.Method?.PosteriorTemperature,
        };

    /// <summary>What the method needs.</summary>
    public RolloutContext Rollouts =>
        new()
        {
            Policy = Policy,
            Reference = _followed ?? Reference,
            MovingReference = _moving,
            Prompts = Prompts,
            Sampler = Sampler,
            Sampling = Sampling,
            Reward = Reward,
            Evaluation = Evaluation,
            Validation = Validation,
            Shared = Shared,
            Preparation = Preparation,
        };

    /// <summary>What must happen before some rounds; null for nothing.</summary>
    public IRoundPreparation? Preparation { get; set; }

    /// <summary>What the method says of its training, for the stage's result.</summary>
    public Dictionary<string, double> MethodFigures { get; } = [];

    public Encoder Encoder { get; }
    public PromptPool Prompts { get; }
    public PromptPool HeldOut { get; }
    public DataHash Hash { get; }
    public LanguageModel Policy { get; }

    /// <summary>The policy as it was when the stage began.</summary>
    public LanguageModel Reference { get; }

    /// <summary>What frozen layers give, computed once a round; null where nothing is frozen or shared.</summary>
    public FrozenLayerCache? Shared { get; }

    public IReward Reward { get; }
    public LocalSampler Sampler { get; }
    public SamplingOptions Sampling { get; }
    public PolicyEvaluation Evaluation { get; }

    /// <summary>By whose answers a run is stopped; null where no rule looks at answers, or there are too few prompts.</summary>
    public PolicyEvaluation? Validation { get; }

    /// <summary>Disposes of it at the end of the stage.</summary>
    public T Own<T>(T thing)
        where T : IDisposable => _owned.Add(thing);

    /// <summary>Measures the policy as it is at the start; call when everything that reads answers is owned.</summary>
    /// <exception cref="ConfigurationException">Prompt and answer are longer than one of the models reads.</exception>
    public async Task BeginAsync(CancellationToken cancel)
    {
        CheckContext();
        _evaluating.Start();
        await Sampler.UseWeightsAsync(Reference, 0, cancel);
        _before = await Evaluation.EvaluateAsync(Reference, cancel);
        _exactBefore = await Evaluation.ExactAsync(Reference, cancel);
        _evaluating.Stop();
    }

    /// <summary>Measures the policy at the end, saves it, and hands it on.</summary>
    public async Task<Dictionary<string, double>> FinishAsync(Progress progress, CancellationToken cancel)
    {
        _evaluating.Start();
        await Sampler.UseWeightsAsync(Policy, progress.Updates, cancel);
        var after = await Evaluation.EvaluateAsync(Policy, cancel);
        var exact = await Evaluation.ExactAsync(Policy, cancel);
        var summary = PolicyEvaluation.Summarise(after);
        summary.Add(exact);
        // before and after; evaluations between are reported with their rounds
        summary.Set("time/evaluation", _evaluating.Elapsed.TotalSeconds);
        _context.LogEvaluation(progress, summary);
        foreach (var answer in after.Take(8))
        {
            _context.LogSample(
                new SampleEvent(
                    _kind,
                    progress.Updates,
                    answer.PromptIndex,
                    answer.Prompt,
                    answer.Answer,
                    answer.Gold,
                    answer.Proxy,
                    answer.LogRatio
                )
            );
        }

        foreach (var note in Reward.Notes)
        {
            _context.Note(note);
        }

        ModelFiles.Save(Policy, _context.FinalFolder);
        Encoder.Save(_context.FinalFolder);
        _context.Artifacts = _context.Artifacts with { Policy = _context.FinalFolder };
        return new(AlignmentFigures.Of(_before, after, progress).WithExact(_exactBefore, exact).Concat(MethodFigures));
    }

    public void Dispose() => _owned.Dispose();

    /// <exception cref="ConfigurationException">Prompt and answer are longer than one of the models reads.</exception>
    public void CheckContext()
    {
        TransformerModel[] readers =
        [
            .. _owned.Things.OfType<TransformerModel>(),
            .. _owned.Things.OfType<RewardModel>().SelectMany(r => r.Members),
        ];
        var longestRead = readers.Min(r => r.Config.ContextLength);
        var longest = new[] { Prompts, HeldOut }.Max(p => Enumerable.Range(0, p.Count).Max(i => p.Request(i, default).Prompt.Length));
        new AnswerRoom(longestRead, Sampling.MaxNewTokens).Require(_kind, longest, "set prompt_tokens");
    }
}
