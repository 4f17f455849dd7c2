using Attune.Core.Conversations;

namespace Attune.Audit;

/// <summary>What labels are audited with.</summary>
public sealed record AuditInputs
{
    /// <summary>A reward model's scores of answers to prompts, in log-odds.</summary>
    public Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]>? Score { get; init; }

    /// <summary>A policy's log-probabilities of whole answers to prompts.</summary>
    public Func<IReadOnlyList<(Prompt Prompt, string Answer)>, double[]>? LogProbability { get; init; }

    /// <summary>A file of data that what learns from the labels is evaluated on.</summary>
    public string? EvaluationFile { get; init; }
}
