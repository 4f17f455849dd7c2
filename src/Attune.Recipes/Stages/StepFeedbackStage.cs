using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Order;
using Attune.Methods.Process;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Who says of a step whether it is right.</summary>
public enum StepLabelSource
{
    /// <summary>The program that checks the steps of the arithmetic world.</summary>
    Checker,

    /// <summary>The policy goes on from the step several times; how often it ends right is the step's label.</summary>
    RollOuts,
}

/// <summary>
/// Lets the policy solve problems and labels every step of its solutions, for process reward models, and every solution by its answer, for
/// outcome models.
/// </summary>
public sealed record StepFeedbackStage : Stage
{
    public override string Kind => "step-feedback";
    public override string Purpose => "sample solutions and label their steps";
    public override string Title => "Labelled steps";

    [Description("problems to solve: a file with prompts, or arithmetic:prompts")]
    public required string Prompts { get; init; }

    [Description("solutions to label, one for each problem")]
    [Range(1, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Description("who labels: checker (the arithmetic world's own) or roll-outs (how often the policy ends right from there)")]
    public StepLabelSource By { get; init; } = StepLabelSource.Checker;

    [Description("roll-outs only: when an answer is right, one match term, such as [{match: answer, extract: last-number}]")]
    public ImmutableArray<RewardTerm> Right { get; init; } = [];

    [Description("roll-outs only: continuations from each step")]
    [Range(1, 1000)]
    public int RollOuts { get; init; } = 8;

    [Description("roll-outs only: soft (the share of the continuations that end right) or hard (whether any does)")]
    public RolloutEstimate Estimate { get; init; } = RolloutEstimate.Soft;

    [Description("roll-outs only: text between two steps")]
    public string StepSeparator { get; init; } = "\n";

    [Flatten]
    public DrawnAnswers Answers { get; init; } = new();

    [Description("share of the problems whose labels are held out")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    internal MatchTerm? Match => Right.Length == 1 ? Right[0] as MatchTerm : null;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. DataSource.Missing($"{Kind}.prompts", Prompts, Labels),
            .. By == StepLabelSource.RollOuts && Match is null
                ? [$"{Kind}.right has {Right.Length} terms; expected one match term, by which roll-outs are judged."]
                : Array.Empty<string>(),
            .. Right.SelectMany(t => t.Missing(new RewardPlan(Kind, HasTrainedModel: false))),
            .. StepSeparator.Length == 0
                ? [$"{Kind}.step_separator is empty: steps could not be told apart. Expected a text, such as a line end."]
                : Array.Empty<string>(),
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Preferences = true };

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var (problems, _) = DataSource.Prompts(Prompts, DataSource.IsWorld(Prompts) ? Labels : 0, context);
        using var solver = await StepSolver.LoadAsync(context, Answers.Sampling, cancel);
        var solved = await solver.SolveAsync([.. Enumerable.Range(0, Labels).Select(i => problems[i % problems.Length])], cancel);
        var labelled = By == StepLabelSource.Checker ? StepSolver.Checked(solved) : await solver.RollOutAsync(solved, this, cancel);
        ImmutableArray<StepLabels> rows = [.. labelled.OfType<StepLabels>()];
        if (rows.Length < labelled.Count)
        {
            context.Note($"{labelled.Count - rows.Length} answers were left out: they have no step, or are no solution of this world");
        }

        var figures = StepFigures.Of(rows);
        var split = Split.ByPrompt(rows, TestSplit, context.Seed.For("split"));
        (figures["labels"], figures["held_out_labels"]) = (split.Training.Length, split.HeldOut.Length);
        var (train, heldOut) = (Path.Combine(context.Folder, "steps.jsonl"), Path.Combine(context.Folder, "held-out-steps.jsonl"));
        DatasetFile.Write(train, split.Training);
        DatasetFile.Write(heldOut, split.HeldOut);
        context.Artifacts = context.Artifacts with { Preferences = train, HeldOutPreferences = split.HeldOut.IsEmpty ? null : heldOut };
        return new StageResult(Kind, clock.Elapsed.TotalSeconds, figures) { Notes = context.Notes };
    }
}
