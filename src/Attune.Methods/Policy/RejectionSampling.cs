using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Core.Rollouts;
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

    /// <summary>The best of the whole round, whichever prompts they answer: prompts with poor answers give none.</summary>
    Global,

    /// <summary>As many of each prompt as best would keep, chosen blindly: what imitation does without a reward.</summary>
    Random,
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
        "which answers to use: best (the keep best of each prompt), percentile (those above a rising percentile of the prompt's scores), "
            + "global (the best of the whole round, keep for each prompt on average) or random (as many, chosen blindly: a control)"
    )]
    public AnswerSelection Selection { get; init; } = AnswerSelection.Best;

    [Description("best, global and random only: answers of each prompt to keep")]
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

    [Description("lowest score of an answer to keep, for a threshold over all prompts (default: none)")]
    public double? MinScore { get; init; }

    [Description("keep answers that were cut at max_new_tokens too, though they teach the model not to end")]
    public bool KeepCut { get; init; }

    [Description("keep equal answers to one prompt more than once")]
    public bool KeepDuplicates { get; init; }

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

    /// <summary>At most: rounds in which answers are left out have fewer.</summary>
    public long UpdatesPerRound =>
        Kept.Sum(k =>
            NumIterations * (long)((Rollouts.RolloutBatchSize / NumGenerations * k + Training.BatchSize - 1) / Training.BatchSize)
        );

    /// <summary>Answers of each prompt that are kept, for each selection from a round's answers.</summary>
    public IEnumerable<int> Kept =>
        Selection != AnswerSelection.Percentile
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

        if (Selection != AnswerSelection.Percentile && Keep >= NumGenerations)
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

    /// <summary>
    /// Rounds of selected answers. Beside every selection as many answers are chosen blindly from the same ones, so that what the reward
    /// adds can be told from what imitation alone does; their scores are measured, and they are not learned.
    /// </summary>
    public sealed class Experience(RejectionSamplingOptions options, RolloutContext context)
        : RolloutExperience<PackedRow>(options, context)
    {
        private (double Score, double Count) _kept,
            _blind;

        /// <summary>Mean score of all answers kept so far, and of as many chosen blindly; not a number before the first.</summary>
        public (double Kept, double Blind) Scores => (_kept.Score / _kept.Count, _blind.Score / _blind.Count);

        protected override int AnswersPerPrompt => options.NumGenerations;

        protected override IReadOnlyDictionary<string, double> MethodState =>
            new Dictionary<string, double>
            {
                ["selection/kept_score"] = _kept.Score,
                ["selection/kept"] = _kept.Count,
                ["selection/blind_score"] = _blind.Score,
                ["selection/blind"] = _blind.Count,
            };

        protected override void RestoreMethod(IReadOnlyDictionary<string, double> state)
        {
            double Of(string name) => state.GetValueOrDefault("selection/" + name); // earlier checkpoints have none
            (_kept, _blind) = ((Of("kept_score"), Of("kept")), (Of("blind_score"), Of("blind")));
        }

        protected override IReadOnlyList<IReadOnlyList<PackedRow>> Learn(IReadOnlyList<ScoredAnswer> answers, Metrics measured, Progress at)
        {
            ScoredAnswer[][] prompts = [.. answers.Chunk(options.NumGenerations).Select(Candidates)];
            var pools =
                options.Selection == AnswerSelection.Global
                    ?
                    [
                        [.. prompts.SelectMany(p => p)],
                    ]
                    : prompts;
            var updates = new List<IReadOnlyList<PackedRow>>();
            foreach (var (keep, step) in options.Kept.Select((keep, step) => (keep * prompts.Length / pools.Length, step)))
            {
                var (kept, blind) = Select(pools, keep, at.Seed.For("blind", at.Round, step));
                Measure(measured, kept, blind, answers.Count);
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

        /// <summary>The answers to a prompt that may be kept, in the order drawn.</summary>
        private ScoredAnswer[] Candidates(ScoredAnswer[] answers)
        {
            var whole = answers.Where(a => options.KeepCut || a.Rollout.Stop != StopReason.Length);
            return [.. options.KeepDuplicates ? whole : whole.DistinctBy(a => a.Sequence)];
        }

        /// <summary>The kept answers of all pools, and as many of each pool chosen blindly.</summary>
        private (ScoredAnswer[] Kept, ScoredAnswer[] Blind) Select(ScoredAnswer[][] pools, int keep, Seed seed)
        {
            List<ScoredAnswer> kept = [],
                blind = [];
            foreach (var (pool, index) in pools.Select((pool, index) => (pool, index)))
            {
                var order = seed.For("pool", index).Rng().Permutation(pool.Length);
                var chosen = options.Selection == AnswerSelection.Random ? order.Take(keep) : Best([.. pool.Select(a => a.Score)], keep);
                ScoredAnswer[] own = [.. chosen.Select(i => pool[i]).Where(a => options.MinScore is not { } least || a.Score >= least)];
                kept.AddRange(own);
                blind.AddRange(order.Take(own.Length).Select(i => pool[i]));
            }

            return ([.. kept], [.. blind]);
        }

        private void Measure(Metrics measured, ScoredAnswer[] kept, ScoredAnswer[] blind, int drawn)
        {
            var (score, control) = (kept.Sum(a => a.Score), blind.Sum(a => a.Score));
            _kept = (_kept.Score + score, _kept.Count + kept.Length);
            _blind = (_blind.Score + control, _blind.Count + blind.Length);
            measured.AddSum("objective/kept_share", kept.Length, drawn);
            if (kept.Length > 0)
            {
                measured.AddSum("objective/kept_scores", score, kept.Length);
                measured.AddSum("objective/blind_scores", control, blind.Length);
            }
        }
    }
}
