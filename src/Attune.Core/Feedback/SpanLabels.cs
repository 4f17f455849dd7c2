using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Core.Feedback;

/// <summary>A marked part of an answer.</summary>
/// <param name="Start">First Unicode code point of the part.</param>
/// <param name="End">The code point after its last.</param>
/// <param name="Type">What is wrong with it, in the project's own words ("Irrelevant", ...).</param>
/// <param name="Note">What the annotator wrote about it; null where nothing.</param>
public readonly record struct AnswerSpan(int Start, int End, string Type, string? Note = null);

/// <summary>Something an answer should have said.</summary>
/// <param name="Type">Which kind of thing is missing.</param>
/// <param name="Passage">Index of the passage of the context that has it; null where it is not tied to one.</param>
/// <param name="Sentences">Indices of its sentences in that passage.</param>
public sealed record MissingInformation(string Type, int? Passage, ImmutableArray<int> Sentences)
{
    public bool Equals(MissingInformation? other) =>
        other is not null && Type == other.Type && Passage == other.Passage && Sentences.SequenceEqual(other.Sentences);

    public override int GetHashCode() => HashCode.Combine(Type, Passage, Sentences.Length);
}

/// <summary>Parts of an answer marked as wrong, as in fine-grained RLHF (Wu et al. 2023, arXiv:2306.01693).</summary>
public sealed record SpanLabels(Prompt Prompt, string Answer, ImmutableArray<AnswerSpan> Spans) : Label(Prompt)
{
    public ImmutableArray<MissingInformation> Missing { get; init; } = [];

    /// <summary>What the annotator could look things up in, each its sentences: what <see cref="Missing"/> points to.</summary>
    public ImmutableArray<ImmutableArray<string>> Passages { get; init; } = [];

    /// <summary>The answer as the annotator would have it; null where it was not asked.</summary>
    public string? Corrected { get; init; }
}

/// <summary>One answer rated on a scale.</summary>
/// <param name="Value">From <paramref name="Worst"/> to <paramref name="Best"/>.</param>
public sealed record Rating(Prompt Prompt, string Answer, double Value, double Worst, double Best) : Label(Prompt)
{
    /// <summary>0 for the worst, 1 for the best.</summary>
    public double Share => (Value - Worst) / (Best - Worst);
}
