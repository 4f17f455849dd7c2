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

    [Description("longest row, in tokens; longer rows are left out and counted")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description("pack several short rows into one of max_length; attention stays within each row")]
    public bool Packing { get; init; }

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

    /// <summary>Trains a language model on packed or single rows.</summary>
    public sealed class Objective(LanguageModel model) : IObjective<PackedRow>
    {
        public IReadOnlyList<FlatParameters> Learners { get; } = [model.Learner];

        public double Weight(PackedRow item) => item.Segments.Sum(TokenBatch.Predicted);

        public int Length(PackedRow item) => item.Length;

        public ObjectiveValue Evaluate(IReadOnlyList<PackedRow> items)
        {
            var batch = TokenBatch.Of([.. items.Select(i => i.Segments)]);
            var hidden = model.Trunk.Hidden(batch.Tokens, batch.Segments);
            var scores = AnswerLogProbs.Score(model, hidden, batch);
            var loss = -scores.LogProbs.sum();
            var count = batch.Targets.shape[0];
            var metrics = new Metrics();
            metrics.AddSum("mean_token_accuracy", scores.Hits.sum().ToDouble(), count);
            metrics.AddSum("entropy", scores.Entropy.sum().ToDouble(), count);
            return new ObjectiveValue(loss, metrics);
        }
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
