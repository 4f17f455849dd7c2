using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Judging;
using Attune.Data.Order;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>
/// Feedback by models (Bai et al. 2022, section 4): the policy answers each prompt twice, and a judge compares the answers by a principle
/// drawn for them. The labels are soft, and join those that people gave before.
/// </summary>
public sealed record AiFeedbackStage : Stage
{
    public override string Kind => "ai-feedback";
    public override string Purpose => "let a model compare answers by the principles of a constitution";
    public override string Title => "Feedback by a model";

    [Description("prompts to answer: a file with prompts, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("pairs of answers to compare")]
    [Range(1, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Flatten]
    public required PairJudgeOptions Judging { get; init; }

    [Description("make every label certain instead of keeping the judge's probability")]
    public bool HardLabels { get; init; }

    [Description("add the labels of an earlier preferences stage; false replaces them")]
    public bool MixLabels { get; init; } = true;

    [Description("what was measured of the judge: a judge.json of `attune judge` (default: that of an earlier judge stage)")]
    public string? Calibration { get; init; }

    [Description("least kappa with people that the judge must have been measured to have; otherwise the stage stops")]
    [Range(-1, 1)]
    public double? LeastKappa { get; init; }

    [Flatten]
    public DrawnAnswers Answers { get; init; } = new();

    [Description("share of the prompts whose labels are held out to evaluate the reward model")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. DataSource.Missing($"{Kind}.prompts", Prompts, Labels),
            .. Judging.Missing(Kind),
            .. DataSource.MissingFile($"{Kind}.calibration", Calibration),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Preferences = true };

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => MixLabels ? LearnsFromLabels(given, null) : [given.Policy];

    internal override string? AsksOutside => Judging.Judge.Chat.Outside;

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var owned = new List<IDisposable>();
        try
        {
            var (judge, constitution, hash) = Judging.Open(context, owned);
            var kappa = Believe(context, judge, hash);
            var pairs = await PairsAsync(context, cancel);
            var comparisons = await PairJudgeOptions.CompareAsync(context, judge, constitution, pairs, cancel);
            var figures = Keep(context, comparisons);
            (figures["prompts"], figures["without_principle"]) = (pairs.Length, pairs.Length - comparisons.Length);
            if (kappa is { } known)
            {
                figures["judge_kappa"] = known;
            }

            return new StageResult(Kind, 0, figures);
        }
        finally
        {
            owned.ForEach(o => o.Dispose());
        }
    }

    /// <summary>Warns of a judge that was not measured; refuses one that is worse than the recipe demands.</summary>
    private double? Believe(StageContext context, IPairJudge judge, string hash)
    {
        var measured = (Calibration ?? context.Artifacts.Judge) is { } path ? JudgeFile.Read(path) : null;
        var doubt = JudgeFile.Doubt(measured, judge, hash);
        if (LeastKappa is { } least && (doubt is not null || !(measured!.Kappa >= least)))
        {
            throw new ConfigurationException(
                doubt is not null
                    ? $"ai-feedback.least_kappa is {least}, but {doubt}."
                    : FormattableString.Invariant(
                        $"ai-feedback.least_kappa is {least}, but {judge.Name} has kappa {measured!.Kappa:0.00} on {measured.Data}. "
                    ) + "Name another judge, or ask for less."
            );
        }

        if (doubt is not null)
        {
            context.Note(doubt);
            return null;
        }

        return measured!.Kappa;
    }

    private async Task<AnswerPair[]> PairsAsync(StageContext context, CancellationToken cancel)
    {
        var (prompts, _) = DataSource.Prompts(Prompts, DataSource.IsWorld(Prompts) ? Labels : 0, context);
        var answered = await new PolicyAnswers(context, 2, Answers.Sampling, "answer").SampleAsync(prompts, Labels, cancel);
        var alike = answered.RemoveAll(a => a.Answers[0] == a.Answers[1]);
        if (alike > 0)
        {
            context.Note($"{alike} prompts were left out: their answers came out the same");
        }

        return [.. answered.Select(a => new AnswerPair(a.Prompt, a.Answers[0], a.Answers[1], a.Cut))];
    }

    private Dictionary<string, double> Keep(StageContext context, ImmutableArray<ModelComparison> comparisons)
    {
        ImmutableArray<Preference> labels = [.. comparisons.Select(c => c.ToPreference(HardLabels)).OfType<Preference>()];
        if (labels.IsEmpty)
        {
            throw new AttuneException("ai-feedback: no comparison could be read; nothing can be learned from that.");
        }

        var split = Split.ByPrompt(labels, TestSplit, context.Seed.For("split"));
        var (train, heldOut) = (
            Mixed(split.Training, context.Artifacts.Preferences),
            Mixed(split.HeldOut, context.Artifacts.HeldOutPreferences)
        );
        var (trainFile, heldOutFile) = (
            Path.Combine(context.Folder, "preferences.jsonl"),
            Path.Combine(context.Folder, "held-out-preferences.jsonl")
        );
        DatasetFile.Write(trainFile, train);
        DatasetFile.Write(heldOutFile, heldOut);
        context.Artifacts = context.Artifacts with { Preferences = trainFile, HeldOutPreferences = heldOut.IsEmpty ? null : heldOutFile };
        return new Dictionary<string, double>
        {
            ["labels"] = train.Length,
            ["held_out_labels"] = heldOut.Length,
            ["labels_of_people"] = train.Count(p => p.Model is null),
            ["labels_of_models"] = train.Count(p => p.Model is not null),
            ["mean_probability"] = labels.Average(p => p.Probability),
            ["inconsistent"] = comparisons.Count(c => c.IsInconsistent),
            ["by_votes"] = comparisons.Count(c => c.Shown.Evidence == Evidence.Votes),
            ["unread"] = comparisons.Count(c => c.Probability is null),
        };
    }

    /// <summary>The model's labels after those that were handed over.</summary>
    private ImmutableArray<Preference> Mixed(ImmutableArray<Preference> own, string? given) =>
        MixLabels && given is not null ? [.. DatasetFile.Read<Preference>(given).Items, .. own] : own;
}
