using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Data.Encoding;

namespace Attune.Methods.Policy;

/// <summary>Which of a prompt's answers are imitated.</summary>
public enum AnswerSelection
{
    /// <summary>The best few (Llama 2, WebGPT, RAFT).</summary>
    Best,

    /// <summary>Those above a percentile of the prompt's scores that rises over several passes (trlX's RFT).</summary>
    Percentile,
}

/// <summary>Rejection-sampling fine-tuning.</summary>
[Method(
    "rejection-sampling",
    "Rejection-sampling fine-tuning",
    "fine-tune a model on the best of its own answers, round after round",
    Paper = "Touvron et al. 2023 (arXiv:2307.09288); Dong et al. 2023 (arXiv:2304.06767)",
    Command = "rft",
    Example = "attune rft --model DIR --reward-model runs/reward/final --prompts prompts.jsonl --out runs/rft"
)]
public sealed record RejectionSamplingOptions : IPolicyOptions, IValidatableObject
{
    [Description("answers to each prompt; the best are used for fine-tuning")]
    [Range(2, 10_000)]
    public int NumGenerations { get; init; } = 8;

    [Description(
        "which answers to use: best (the keep best of each prompt) or percentile (those above a rising percentile "
            + "of the prompt's scores)"
    )]
    public AnswerSelection Selection { get; init; } = AnswerSelection.Best;

    [Description("best only: answers of each prompt to keep")]
    [Range(1, 10_000)]
    public int Keep { get; init; } = 1;

    [Description("percentile only: the first percentile, as a share of the prompt's answers")]
    [Range(0, 1)]
    public double StartPercentile { get; init; } = 0.7;

    [Description("percentile only: the last percentile")]
    [Range(0, 1)]
    public double EndPercentile { get; init; } = 0.95;

    [Description("percentile only: passes over each round's answers; the percentile rises with each")]
    [Range(1, 1000)]
    public int ImproveSteps { get; init; } = 4;

    [Description("passes over the kept answers")]
    [Range(1, 100)]
    public int NumIterations { get; init; } = 1;

    [Flatten]
    public RolloutOptions Rollouts { get; init; } = new();

    [Flatten]
    public AnswerSampling Sampling { get; init; } = new();

    [Flatten]
    public ScoreOptions Scores { get; init; } = new();

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 1e-5,
            BatchSize = 64,
            CheckpointEvery = 5,
        };

    public long UpdatesPerRound =>
        Kept.Sum(k =>
            NumIterations * (long)((Rollouts.RolloutBatchSize / NumGenerations * k + Training.BatchSize - 1) / Training.BatchSize)
        );

    /// <summary>Answers of each prompt that are kept, for each selection from a round's answers.</summary>
    public IEnumerable<int> Kept =>
        Selection == AnswerSelection.Best
            ? [Keep]
            : Enumerable
                .Range(0, ImproveSteps)
                .Select(step =>
                    RejectionSampling.Above(
                        StartPercentile + (ImproveSteps == 1 ? 0 : (EndPercentile - StartPercentile) * step / (ImproveSteps - 1)),
                        NumGenerations
                    )
                );

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in GroupOptions.Problems(Rollouts.RolloutBatchSize, NumGenerations))
        {
            yield return problem;
        }

        if (Selection == AnswerSelection.Best && Keep >= NumGenerations)
        {
            yield return new ValidationResult(
                $"keep is {Keep} of num_generations {NumGenerations}: nothing is rejected. Expected fewer.",
                [nameof(Keep), nameof(NumGenerations)]
            );
        }

        if (StartPercentile > EndPercentile)
        {
            yield return new ValidationResult(
                $"start_percentile is {StartPercentile} and end_percentile {EndPercentile}; expected a rising one.",
                [nameof(StartPercentile), nameof(EndPercentile)]
            );
        }
    }
}

/// <summary>
/// Rejection-sampling fine-tuning: sample K answers to each prompt, imitate the best, and go on from there with fresh samples (WebGPT,
/// Nakano et al. 2021, arXiv:2112.09332, rejects without fine-tuning; Llama 2, Touvron et al. 2023, arXiv:2307.09288, section 3.2.3,
/// fine-tunes; RAFT, Dong et al.
/// 2023, arXiv:2304.06767). The loss is supervised fine-tuning's; one round approaches best-of-K, and further rounds go beyond it.
/// </summary>
public static class RejectionSampling
{
    /// <summary>How many of K answers lie above a percentile: at least the best.</summary>
    public static int Above(double percentile, int count) =>
        Math.Max(1, (int)Math.Round((1 - percentile) * count, MidpointRounding.AwayFromZero));

    /// <summary>Indices of the best answers, best first; of equal ones those drawn first.</summary>
    public static int[] Best(IReadOnlyList<double> scores, int keep) =>
        [.. Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(keep)];

    public sealed class Experience(RejectionSamplingOptions options, RolloutContext context)
        : RolloutExperience<PackedRow>(options, context)
    {
        protected override int AnswersPerPrompt => options.NumGenerations;

        protected override IReadOnlyList<IReadOnlyList<PackedRow>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at)
        {
            var prompts = answers
                .Chunk(options.NumGenerations)
                .Select(group => Best([.. group.Select(a => a.Score)], group.Length).Select(i => group[i]).ToArray())
                .ToArray();
            var updates = new List<IReadOnlyList<PackedRow>>();
            foreach (var (keep, step) in options.Kept.Select((keep, step) => (keep, step)))
            {
                ScoredAnswer[] kept = [.. prompts.SelectMany(p => p.Take(keep))];
                measured.AddSum("objective/kept_scores", kept.Sum(a => a.Score), kept.Length);
                measured.AddSum("objective/kept_share", kept.Length, answers.Count);
                for (var pass = 0; pass < options.NumIterations; pass++)
                {
                    var order = at.Seed.For("minibatches", at.Round, step, pass).Rng().Permutation(kept.Length);
                    updates.AddRange(
                        order
                            .Chunk(options.Training.BatchSize)
                            .Select(part => (IReadOnlyList<PackedRow>)[.. part.Select(i => new PackedRow([kept[i].Sequence]))])
                    );
                }
            }

            return updates;
        }
    }
}
