using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using Attune.Numerics;
using Attune.Training.Batches;
using Attune.Training.Contracts;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Process;

/// <summary>What a model of two classes makes of neutral steps.</summary>
public enum NeutralSteps
{
    /// <summary>Right: the paper's best setting.</summary>
    Good,

    /// <summary>Wrong: what TRL's converter of PRM800K makes of them.</summary>
    Bad,

    /// <summary>Nothing is learned there.</summary>
    Ignored,
}

/// <summary>Where a label is learned.</summary>
public enum StepSupervision
{
    /// <summary>At the end of every step.</summary>
    Steps,

    /// <summary>At the end of the last step alone: TRL's train_on_last_step_only.</summary>
    LastStep,

    /// <summary>Whether the answer is right, at every token: an outcome reward model on the same solutions.</summary>
    Outcome,
}

/// <summary>
/// Process reward models. Defaults: the paper's two epochs and neutral steps as right; TRL's learning rate and separator.
/// </summary>
[Method(
    "process-reward",
    "Process reward model",
    "train a model that judges every step of a solution",
    Paper = "Lightman et al. 2023 (arXiv:2305.20050); Wang et al. 2023 (arXiv:2312.08935)",
    Example = "attune process-reward --model DIR --data steps.jsonl --out runs/process"
)]
public sealed record ProcessRewardOptions : IHasPresets, IValidatableObject
{
    [Description("settings of a trainer: trl; other options override them")]
    public string? Preset { get; init; }

    [Description("what is learned: steps (every step's label), last-step (the last step's alone) or outcome (is the answer right)")]
    public StepSupervision Supervise { get; init; } = StepSupervision.Steps;

    [Description("classes of a step: 2 (bad, good) or 3 (bad, neutral, good); a step's reward is 1 less the probability of bad")]
    [Range(2, 3)]
    public int Classes { get; init; } = 2;

    [Description("two classes only: a neutral step is good, bad or ignored")]
    public NeutralSteps Neutral { get; init; } = NeutralSteps.Good;

    [Description("learn steps up to and with the first that is wrong; what comes after stands on an error")]
    public bool UntilFirstError { get; init; } = true;

    [Description("text between two steps")]
    public string StepSeparator { get; init; } = "\n";

    [Description("encode every step, and the separator after it, by itself, as TRL's trainer does, instead of the solution as one text")]
    public bool StepsApart { get; init; }

    [Description("passes over the data")]
    [Range(0.0001, 10_000)]
    public double Epochs { get; init; } = 2;

    [Description("longest prompt and solution together, in tokens; steps that end later are left out and counted")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description("share of the prompts to hold out, if no held-out file is given")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    [Description("updates between evaluations; 0 for after training only")]
    [Range(0, 1_000_000)]
    public int EvaluateEvery { get; init; } = 20;

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 1e-5,
            Schedule = ScheduleKind.Linear,
            BatchSize = 64,
            CheckpointEvery = 100,
        };

    /// <summary>Names of the classes, in their order.</summary>
    public ImmutableArray<string> Labels => Classes == 2 ? ["bad", "good"] : ["bad", "neutral", "good"];

    /// <summary>How steps become tokens.</summary>
    public StepEncoding Encoding => new(StepSeparator, StepsApart);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (StepSeparator.Length == 0)
        {
            yield return new ValidationResult(
                "step_separator is empty: steps of an answer could not be told apart. Expected a text, such as a line end.",
                [nameof(StepSeparator)]
            );
        }

        if (Classes == 3 && Neutral != NeutralSteps.Good)
        {
            yield return new ValidationResult(
                "neutral is set, but with 3 classes neutral steps have a class of their own. Expected 2 classes, or no neutral.",
                [nameof(Neutral), nameof(Classes)]
            );
        }
    }

    public static ImmutableArray<Preset> Presets { get; } =
    [
        new(
            "trl",
            "TRL's process trainer (version 1.8): every step encoded by itself, all labels learned.",
            "Sizes of a run are the user's, there as here."
        )
        {
            ["learning_rate"] = 1e-5,
            ["schedule"] = ScheduleKind.Linear,
            ["neutral"] = NeutralSteps.Bad,
            ["until_first_error"] = false,
            ["step_separator"] = "\n",
            ["steps_apart"] = true,
            ["max_length"] = 1024,
            ["epochs"] = 3,
        },
    ];
}

/// <summary>
/// A model that says of each step of a solution how likely it is right (Lightman et al. 2023, arXiv:2305.20050): softmax
/// regression at the token at which the step ends. All steps of a solution are learned in one sequence; the labels are not in the text, so
/// that no step sees another's.
/// </summary>
public static class ProcessReward
{
    /// <summary>The cross-entropy -sum_c p_c log softmax(logits)_c, per step.</summary>
    /// <param name="logits">[steps, classes]</param>
    /// <param name="targets">the classes' probabilities, [steps, classes]; 0 and 1 where labels are certain</param>
    /// <returns>[steps], nats</returns>
    public static Tensor Loss(Tensor logits, Tensor targets)
    {
        logits.Require([-1, -1]);
        targets.Require(logits.shape);
        using var scope = NewDisposeScope();
        return (-(targets * logits.log_softmax(-1)).sum(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>Trains a head of classes, and the trunk below it; the mean is over the labelled steps of the batch, as TRL's is.</summary>
    public sealed class Objective(TokenClassifier model) : IObjective<StepItem>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(StepItem item) => item.Targets.Length;

        public int Length(StepItem item) => item.Sequence.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<StepItem> items)
        {
            var batch = TokenBatch.Of([.. items.Select(i => i.Sequence)]);
            var time = batch.Tokens.shape[1];
            var places = items.SelectMany((item, row) => item.Targets.Select(t => row * time + t.Position)).ToArray();
            var hidden = FrozenLayerCache.HiddenAt(model, batch, tensor(places), shared: null); // [steps, width]
            var logits = model.LogitsOf(hidden); // [steps, classes]
            float[] wanted = [.. items.SelectMany(i => i.Targets).SelectMany(t => t.Probabilities)];
            var targets = tensor(wanted, device: logits.device).view(logits.shape);
            var metrics = new Metrics();
            metrics.AddSum("accuracy", logits.argmax(-1).eq(targets.argmax(-1)).sum().ToDouble(), places.Length);
            return new ObjectiveValue(Loss(logits, targets).sum(), metrics);
        }
    }
}
