using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Formats;
using Attune.Data.Order;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Worlds.Annotators;
using Attune.Worlds.Reviews;

namespace Attune.Recipes.Stages;

/// <summary>
/// Lets the policy answer prompts of the reviews world, and simulated people mark what is wrong with the answers. They can compare the same
/// answers too, so that a reward model of whole answers learns from the same texts. After training it measures how many answers have
/// errors of each type.
/// </summary>
public sealed record SpanFeedbackStage : Stage
{
    private const string Utility = "reviews";

    public override string Kind => "span-feedback";
    public override string Purpose => "sample reviews and mark what is wrong with them";
    public override string Title => "Marked spans";

    [Description("prompts to answer: a file with prompts of the reviews world, or reviews:prompts")]
    public required string Prompts { get; init; }

    [Description("prompts, with an answer each, or two where they are compared")]
    [Range(1, 10_000_000)]
    public int Labels { get; init; } = 2000;

    [Description("share of the parts that the simulated people judge the wrong way round")]
    [Range(0, 0.5)]
    public double Noise { get; init; } = 0.05;

    [Description("draw two answers to each prompt, and compare them as whole texts too: pairs for a reward stage")]
    public bool Compare { get; init; }

    [Description("compare only: those who compare, by the hidden utility of reviews")]
    public SimulatedAnnotatorOptions Annotators { get; init; } = new();

    [Flatten]
    public DrawnAnswers Answers { get; init; } = new();

    [Description("share of the prompts whose labels are held out")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [.. MissingPolicy(given), .. DataSource.Missing($"{Kind}.prompts", Prompts, Labels)];

    public override PlannedArtifacts After(PlannedArtifacts given) =>
        given with
        {
            Spans = true,
            Preferences = given.Preferences || Compare,
        };

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var (prompts, _) = DataSource.Prompts(Prompts, DataSource.IsWorld(Prompts) ? Labels : 0, context);
        var answered = await new PolicyAnswers(context, Compare ? 2 : 1, Answers.Sampling, "answer").SampleAsync(prompts, Labels, cancel);
        var people = new ReviewSpans(Noise);
        ImmutableArray<SpanLabels> labels =
        [
            .. answered.SelectMany(
                (q, i) => q.Answers.Select((answer, k) => people.Mark(q.Prompt, answer, context.Seed.For("people", i, k)))
            ),
        ];
        var figures = SpanFigures.OfMarks(labels);
        var (spans, heldOut) = Keep(context, labels, "spans");
        (figures["labels"], figures["held_out_labels"]) = (spans.Count, heldOut.Count);
        context.Artifacts = context.Artifacts with { Spans = spans.File, HeldOutSpans = heldOut.File, Utility = Utility };
        if (Compare)
        {
            var pairs = Pairs(context, answered);
            (figures["ties"], figures["compared"]) = (answered.Count - pairs.Length, pairs.Length);
            var (train, other) = Keep(context, pairs, "preferences");
            context.Artifacts = context.Artifacts with { Preferences = train.File, HeldOutPreferences = other.File };
        }

        return new StageResult(Kind, 0, figures) { Marked = MarkedAnswers.Of(labels) };
    }

    /// <summary>Which of the two answers is preferred; nothing where they are called equal, or are.</summary>
    private ImmutableArray<Preference> Pairs(StageContext context, IEnumerable<AnsweredPrompt> answered)
    {
        var judge = new SimulatedAnnotators(Utilities.Named(Utility), Annotators.ToOptions(), context.Seed.For("annotators"));
        return
        [
            .. answered
                .Select((q, i) => (Question: q, Index: i))
                .Where(q => q.Question.Answers[0] != q.Question.Answers[1])
                .Select(q =>
                    judge.Compare(q.Question.Prompt, q.Question.Answers[0], q.Question.Answers[1], q.Index).ToPreference() is { } pair
                        ? q.Question.Completed(pair)
                        : null
                )
                .OfType<Preference>(),
        ];
    }

    /// <summary>Writes labels; those of the same prompts are held out, whatever their kind.</summary>
    private ((string File, int Count) Training, (string? File, int Count) HeldOut) Keep<T>(
        StageContext context,
        ImmutableArray<T> labels,
        string name
    )
        where T : Label
    {
        var split = Split.ByPrompt(labels, TestSplit, context.Seed.For("split"));
        var (train, heldOut) = (Path.Combine(context.Folder, $"{name}.jsonl"), Path.Combine(context.Folder, $"held-out-{name}.jsonl"));
        DatasetFile.Write(train, split.Training);
        DatasetFile.Write(heldOut, split.HeldOut);
        return ((train, split.Training.Length), (split.HeldOut.IsEmpty ? null : heldOut, split.HeldOut.Length));
    }
}
