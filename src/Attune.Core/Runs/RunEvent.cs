using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Attune.Core.Runs;

/// <summary>One line of <c>events.jsonl</c>: what one update (or one round's evaluation) measured.</summary>
/// <param name="Sequence">1, 2, 3, ... without gaps over the whole run.</param>
/// <param name="Stage">The stage's name in the recipe: sft, reward, ppo, ...</param>
/// <param name="Kind">"update" after an optimiser step, "round" after a round, "evaluation" for held-out figures, "data" for rows left out
/// before training.</param>
/// <param name="Metrics">By metric name.</param>
public sealed record RunEvent(
    long Sequence,
    string Stage,
    string Kind,
    long Round,
    long Updates,
    long Items,
    IReadOnlyDictionary<string, double> Metrics
)
{
    /// <summary>When it was logged; null in logs of older versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Time { get; init; }

    /// <summary>Source revision of the program, on the first event that a process logs: a run may be resumed by another version.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Commit { get; init; }
}

/// <summary>One line of <c>samples.jsonl</c>: an answer of some model to one of the run's fixed prompts.</summary>
/// <param name="Stage">The stage that was running.</param>
/// <param name="Updates">Updates of that stage when it was drawn: the lowest of a prompt is "before", the highest "after".</param>
/// <param name="Prompt">As a person would read it.</param>
/// <param name="Answer">As a person would read it.</param>
/// <param name="Gold">Hidden utility, where the annotators are simulated.</param>
/// <param name="Proxy">The reward that was optimised.</param>
/// <param name="Kl">log pi - log pi_ref summed over the answer, nats.</param>
public sealed record SampleEvent(
    string Stage,
    long Updates,
    int PromptIndex,
    string Prompt,
    string Answer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Gold,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Proxy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Kl
);

/// <summary>One bin of a reliability diagram: how often the pair was ordered as predicted.</summary>
public sealed record CalibrationBin(double Predicted, double Observed, int Count);

/// <summary>What a finished stage says of itself in <c>result.json</c>.</summary>
public sealed record StageResult(string Name, double Seconds, IReadOnlyDictionary<string, double> Metrics)
{
    /// <summary>For readers, where <see cref="Name"/> is for recipes and scripts: SimPO; null in results of older versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Title { get; init; }

    /// <summary>Reward models only: reliability of held-out predictions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<CalibrationBin>? Calibration { get; init; }

    /// <summary>Constitutional AI only: some of the answers with their critiques and revisions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<RevisionRecord>? Revisions { get; init; }

    /// <summary>Marked spans and labelled steps only: some of the answers with what was said of their parts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<MarkedAnswer>? Marked { get; init; }

    /// <summary>People's labels that it learned from; null where it learned from none that are known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ImmutableArray<LearnedSnapshot>? Snapshots { get; init; }

    /// <summary>That training has diverged, and by which figure; null where it has not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Diverged { get; init; }

    /// <summary>Remarks for the reader: dropped rows by reason, why a stage stopped early.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}

/// <summary>The whole of <c>result.json</c>: a run's figures, for scripts and for the report.</summary>
/// <param name="Summary">gold_reward_before, gold_reward_after, proxy_reward_before, proxy_reward_after, kl_nats, reward_model_accuracy,
/// win_rate_vs_reference, seconds, and further figures of the run; null where one could not be measured.</param>
public sealed record RunResult(
    string Name,
    string Version,
    ulong Seed,
    IReadOnlyDictionary<string, double?> Summary,
    ImmutableArray<StageResult> Stages
)
{
    /// <summary>When the run was first started.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Started { get; init; }

    /// <summary>Processor, cores and operating system, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    /// <summary>Source revision of the program that finished the run; null where its build did not know.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Commit { get; init; }
}
