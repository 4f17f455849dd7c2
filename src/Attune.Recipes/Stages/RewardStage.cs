using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Reward;
using Attune.Models.Architecture;
using Attune.Models.Encoders;
using Attune.Models.Files;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Trains a reward model, or an ensemble of them, on feedback.</summary>
[Runs(typeof(RewardOptions))]
public sealed record RewardStage : Stage
{
    [Flatten]
    public LabelFiles Labels { get; init; } = new();

    [Description(
        "model that the reward model begins as: a folder or GGUF file of a language model, or of a trained encoder (default: the policy)"
    )]
    public string? StartFrom { get; init; }

    [Description("answers of the policy to the data's prompts, used to normalise rewards")]
    [Range(0, 1_000_000)]
    public int NormalisationSamples { get; init; } = 256;

    [Description("longest of those answers, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Description(
        "JSON file of annotators and their groups, as attune audit writes it (default: every annotator is a group); for robust_step and "
            + "only_group"
    )]
    public string? Groups { get; init; }

    [Description("learn from the labels of this group of annotators alone: a reward model for each group")]
    public string? OnlyGroup { get; init; }

    [Flatten]
    public RewardOptions Method { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. StartFrom is null ? MissingPolicy(given) : [],
            .. StartFrom is null || ModelFiles.Exists(StartFrom)
                ? Array.Empty<string>()
                : [$"{Kind}.start_from: {StartFrom} is not a model's folder or GGUF file."],
            .. ProblemsOfAdapter(Method.Training),
            .. Labels.Missing(Kind, given),
            .. DataSource.MissingFile($"{Kind}.groups", Groups),
            .. Groups is not null && OnlyGroup is null && Method.RobustStep == 0
                ? ["reward.groups is set, but nothing uses it. Expected robust_step or only_group."]
                : Array.Empty<string>(),
            .. OnlyGroup is not null && Method.RobustStep > 0
                ? ["reward.only_group and reward.robust_step are both set. Expected one: one group has no other to be guarded against."]
                : Array.Empty<string>(),
            .. Method.DebiasLength && NormalisationSamples == 0
                ? ["reward.debias_length is on, but normalisation_samples is 0: the slope over lengths needs answers. Expected some."]
                : Array.Empty<string>(),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Reward = true };

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) =>
        LearnsFromLabels(StartFrom is null ? given : given with { Policy = StartFrom }, Labels.Data);

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        if (StartFrom is null)
        {
            return await TrainAsync(context, cancel);
        }

        // The policy, its tokenizer and what else was handed over wait for the stages to come.
        var given = context.Artifacts;
        context.Artifacts = given with { Policy = StartFrom, Tokenizer = null };
        var result = await TrainAsync(context, cancel);
        context.Artifacts = given with { Reward = context.Artifacts.Reward };
        return result;
    }

    private Task<StageResult> TrainAsync(StageContext context, CancellationToken cancel)
    {
        if (!EncoderConfig.Describes(context.RequirePolicy()))
        {
            return TrainModelAsync(context, cancel);
        }

        return OnlyGroup is null
            ? new EncoderFit(Kind, Method, Labels, context).RunAsync(SplitKey, cancel)
            : throw new ConfigurationException(
                $"{Kind}.only_group is not for encoders, and {context.RequirePolicy()} is one. Expected no only_group, or a language model."
            );
    }

    private Task<StageResult> TrainModelAsync(StageContext context, CancellationToken cancel) =>
        Method.Loss switch
        {
            RewardLoss.BradleyTerry => FitAsync(new BradleyTerry.Labels(Method.Comparison), context, cancel),
            RewardLoss.Choice => FitAsync(new ChoiceOfK.Labels(Method.Comparison.CenterRewardsCoefficient), context, cancel),
            RewardLoss.Ranking => FitAsync(new RankingPairs.Labels(Method.Comparison), context, cancel),
            RewardLoss.PlackettLuce => FitAsync(new PlackettLuce.Labels(Method.Comparison.CenterRewardsCoefficient), context, cancel),
            RewardLoss.Classification => FitAsync(new Classification.Labels(), context, cancel),
            RewardLoss.Regression => FitAsync(new Regression.Labels(), context, cancel),
            _ => throw new UnreachableException(),
        };

    private Task<StageResult> FitAsync<TLabel, TItem>(IRewardLoss<TLabel, TItem> loss, StageContext context, CancellationToken cancel)
        where TLabel : Label
    {
        var groups = AnnotatorGroups.Read(Groups);
        return Method.RobustStep > 0
            ? FitAsync(new GroupRobust.Labels<TLabel, TItem>(loss, Method.RobustStep, groups.Of), groups, context, cancel)
            : FitAsync(loss, groups, context, cancel);
    }

    private async Task<StageResult> FitAsync<TLabel, TItem>(
        IRewardLoss<TLabel, TItem> loss,
        AnnotatorGroups groups,
        StageContext context,
        CancellationToken cancel
    )
        where TLabel : Label
    {
        using var policy = Method.Training.Lora.R == 0 ? context.LoadPolicy() : context.LoadBase(Method.Training);
        var encoder = context.LoadEncoder();
        var labels = Labels.Read<TLabel>(
            Kind,
            (source, rows) => DataSource.FromFile<TLabel>(source, rows, context),
            SplitKey,
            Method.TestSplit,
            context
        );
        labels = OnlyGroup is { } own ? labels with { Rows = groups.Only(labels.Rows, own) } : labels;
        BothVerdicts.Require(labels.Rows.Training, labels.Name);
        var fit = new RewardFit<TLabel, TItem>(Method, loss, context, policy, encoder);
        var data = fit.Encode(labels.Rows, labels.Name);
        var normaliser = Normaliser(context, policy, encoder, data.Train.Select(loss.Answer));
        using var members = await fit.RunAsync(data, new KeptMembers<TItem>(Method, context, policy, labels.Hash), cancel);
        var model = await normaliser.NormaliseAsync(members, cancel);
        model.Save(context.FinalFolder);
        encoder.Save(context.FinalFolder);
        context.Artifacts = context.Artifacts with { Reward = context.FinalFolder };
        var result = RewardFigures.Of(Kind, model, [.. data.HeldOut.SelectMany(loss.Pairs)], data.HeldOut);
        return result with
        {
            Metrics = new Dictionary<string, double>([.. result.Metrics, .. RewardFigures.OfUnits(model)])
            {
                ["examples"] = data.Train.Length,
                ["held_out"] = data.HeldOut.Length,
                ["members"] = Method.Members,
            },
        };
    }

    /// <param name="answers">Answers of the data, with the prompts that the policy answers.</param>
    private RewardNormaliser Normaliser(StageContext context, LanguageModel policy, Encoder encoder, IEnumerable<TokenSequence> answers)
    {
        ImmutableArray<int>[] prompts =
            Method.Normalisation == RewardNormalisation.None
                ? []
                : [.. answers.Select(a => a.Tokens[..a.AnswerStart]).DistinctBy(p => string.Join(' ', p)).Take(NormalisationSamples)];
        if (prompts.Length > 0)
        {
            var room = new AnswerRoom(policy.Config.ContextLength, MaxNewTokens);
            room.Require(Kind, prompts.Max(p => p.Length), "max_length, or set normalisation_samples to 0");
        }

        SampleRequest[] requests =
            prompts.Length == 0
                ? []
                :
                [
                    .. Enumerable
                        .Range(0, NormalisationSamples)
                        .Select(i => new SampleRequest(prompts[i % prompts.Length], context.Seed.For("normalisation", i))),
                ];
        var sampling = new SamplingOptions { MaxNewTokens = MaxNewTokens, EndToken = encoder.Tokenizer.EndToken };
        return new RewardNormaliser(Method.Normalisation, requests, sampling, policy, context);
    }

    /// <summary>Answers to one prompt stay together; single texts that are judged under one prompt, or none, are split by text.</summary>
    private static string SplitKey(Label label) =>
        label switch
        {
            Verdict verdict => verdict.Prompt.Key + "\u001e" + verdict.Answer,
            Rating rating => rating.Prompt.Key + "\u001e" + rating.Answer,
            _ => label.Prompt.Key,
        };
}
