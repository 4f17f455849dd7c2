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

namespace Attune.Methods.Supervised;

/// <summary>What of a demonstration's tokens is made less unlikely.</summary>
public enum SftLoss
{
    /// <summary>Negative log-likelihood: every token alike.</summary>
    Nll,

    /// <summary>Dynamic fine-tuning: tokens by their own probability, so that surprising ones do not tear at the model.</summary>
    Dft,
}

/// <summary>How rows are put together into longer ones.</summary>
public enum PackingStrategy
{
    /// <summary>Longest first, each into the first row with room.</summary>
    FirstFit,

    /// <summary>Longest first, each into the row that it leaves least room in (TRL's bfd).</summary>
    BestFit,

    /// <summary>The same, with rows that are too long in pieces (TRL's bfd_split).</summary>
    BestFitSplit,
}

/// <summary>The group of options of the loss on demonstrations.</summary>
public sealed record SftLossOptions : IValidatableObject
{
    [Description("loss: nll (negative log-likelihood) or dft (each token's weighed by its own probability)")]
    public SftLoss LossType { get; init; } = SftLoss.Nll;

    [Description("share of each token's target that is spread evenly over the vocabulary; 0 for none")]
    [Range(0, 0.9999)]
    public double LabelSmoothing { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LossType == SftLoss.Dft && LabelSmoothing > 0)
        {
            yield return new ValidationResult(
                "label_smoothing has no meaning in loss_type dft, which weighs the one token that was written; leave one of them out.",
                [nameof(LabelSmoothing)]
            );
        }
    }
}

/// <summary>Supervised fine-tuning: imitate demonstrations.</summary>
[Method(
    "sft",
    "Supervised fine-tuning",
    "fine-tune a model on demonstrations",
    Example = "attune sft --model DIR --data demonstrations.jsonl --out runs/sft"
)]
public sealed record SftOptions
{
    [Description("passes over the data")]
    [Range(0.0001, 10_000)]
    public double Epochs { get; init; } = 1;

    [Flatten]
    public SftLossOptions Loss { get; init; } = new();

    [Description("longest row, in tokens; longer rows are left out and counted, unless truncation or packing_strategy cuts them")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description(
        "rows longer than max_length: left out (drop-row), prompts cut (keep-prompt-start, keep-prompt-end), or prompt and answer "
            + "together (keep-start, as TRL, or keep-end)"
    )]
    public TruncationPolicy Truncation { get; init; } = TruncationPolicy.DropRow;

    [Description("pack several short rows into one of max_length; attention stays within each row")]
    public bool Packing { get; init; }

    [Description(
        "where packing puts a row: first-fit, best-fit (TRL's bfd) or best-fit-split, which cuts long rows into pieces (bfd_split)"
    )]
    public PackingStrategy PackingStrategy { get; init; } = PackingStrategy.FirstFit;

    [Description("share of the prompts to hold out for evaluation")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.05;

    [Description("updates between evaluations; 0 for before and after only")]
    [Range(0, 1_000_000)]
    public int EvaluateEvery { get; init; } = 100;

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 2e-5,
            Schedule = ScheduleKind.Cosine,
            WarmupRatio = 0.03,
            CheckpointEvery = 200,
        };
}

/// <summary>
/// The loss of supervised fine-tuning: negative log-likelihood of the answer's tokens given the prompt, mean over answer tokens of
/// the batch. Prompt tokens are read, not learned.
/// </summary>
public static class Sft
{
    /// <summary>-log p(token), per answer token.</summary>
    /// <param name="logits">[tokens, vocab]</param>
    /// <param name="targets">[tokens], int64</param>
    /// <returns>[tokens], nats</returns>
    public static Tensor Loss(Tensor logits, Tensor targets) => -LogProbs.OfTokens(logits, targets);

    /// <summary>
    /// DFT, Wu et al. 2025 (arXiv:2508.05629): -p(token) log p(token), per answer token, with no gradient through the weight p. The weight
    /// takes away the factor 1 / p by which likelihood, seen as a policy gradient, rewards unlikely tokens.
    /// </summary>
    /// <param name="logProbs">log p(token), [tokens], nats</param>
    /// <returns>[tokens], nats</returns>
    public static Tensor Dynamic(Tensor logProbs) => -(logProbs.detach().exp() * logProbs);

    /// <summary>
    /// Cross-entropy to a target that gives the token 1 - epsilon and spreads epsilon evenly over the vocabulary, per answer token:
    /// -(1 - epsilon) log p(token) - epsilon times the mean of log p over the vocabulary (Szegedy et al. 2015, arXiv:1512.00567).
    /// </summary>
    /// <param name="logits">[tokens, vocab]</param>
    /// <param name="targets">[tokens], int64</param>
    /// <returns>[tokens], nats</returns>
    public static Tensor Smoothed(Tensor logits, Tensor targets, double epsilon)
    {
        using var scope = NewDisposeScope();
        var logProbs = logits.log_softmax(-1);
        var own = logProbs.gather(1, targets.unsqueeze(1)).squeeze(1);
        return (-(1 - epsilon) * own - epsilon * logProbs.mean([1L])).MoveToOuterDisposeScope();
    }

    /// <summary>Trains a language model on packed or single rows.</summary>
    public sealed class Objective(LanguageModel model, SftLossOptions? options = null) : IObjective<PackedRow>
    {
        private readonly SftLossOptions _options = options ?? new SftLossOptions();

        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(PackedRow item) => item.Segments.Sum(TokenBatch.Predicted);

        public int Length(PackedRow item) => item.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<PackedRow> items)
        {
            var batch = TokenBatch.Of([.. items.Select(i => i.Segments)]);
            var hidden = AnswerLogProbs.Hidden(model, batch);
            var scores = AnswerLogProbs.Score(model, hidden, batch);
            var loss = Loss(scores.LogProbs, hidden, batch).sum();
            var count = batch.Targets.shape[0];
            var metrics = new Metrics();
            metrics.AddSum("mean_token_accuracy", scores.Hits.sum().ToDouble(), count);
            metrics.AddSum("entropy", scores.Entropy.sum().ToDouble(), count);
            return new ObjectiveValue(loss, metrics);
        }

        private Tensor Loss(Tensor logProbs, Tensor hidden, TokenBatch batch) =>
            _options.LabelSmoothing > 0
                ? Smoothed(AnswerLogProbs.Logits(model, hidden, 1).to(ScalarType.Float32), batch.Targets, _options.LabelSmoothing)
            : _options.LossType == SftLoss.Dft ? Dynamic(logProbs)
            : -logProbs;
    }

    /// <summary>Held-out loss and perplexity.</summary>
    public static Metrics Evaluate(LanguageModel model, IReadOnlyList<Core.Tokens.TokenSequence> heldOut)
    {
        var metrics = new Metrics();
        foreach (var logProbs in AnswerLogProbs.Of(model, heldOut))
        {
            metrics.AddSum("eval_loss", -logProbs.Sum(p => (double)p), logProbs.Length);
        }

        metrics.Set("eval_perplexity", Math.Exp(metrics["eval_loss"]));
        return metrics;
    }
}
