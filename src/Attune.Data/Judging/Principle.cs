using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Attune.Data.Judging;

/// <summary>Which of the two stages of constitutional AI draw a principle.</summary>
public enum PrincipleUse
{
    Both,

    /// <summary>Critiques and revisions alone.</summary>
    Revision,

    /// <summary>Comparisons of two answers alone.</summary>
    Comparison,
}

/// <summary>A word that breaks a principle, for the critic by rule.</summary>
public sealed record AvoidedWord
{
    [Description("a word, or several, in lower case; it is found as a whole word, in upper or lower case")]
    public required string Word { get; init; }

    [Description("what a revision says in its place (default: the sentence is left out)")]
    public string? Instead { get; init; }
}

/// <summary>One rule of a constitution (Bai et al. 2022, arXiv:2212.08073).</summary>
public sealed record Principle : IValidatableObject
{
    [Description("a short name, unique in the file")]
    public required string Id { get; init; }

    [Description("what it is about, in a few words")]
    public required string Title { get; init; }

    [Description("asks what in an answer breaks the principle")]
    public string CritiqueRequest { get; init; } = "";

    [Description("asks for the answer without that")]
    public string RevisionRequest { get; init; } = "";

    [Description("asks which of two answers keeps the principle better")]
    public string ComparisonQuestion { get; init; } = "";

    [Description("how often it is drawn, against the weights of the others")]
    [Range(0, 1_000_000)]
    public double Weight { get; init; } = 1;

    [Description("where it is drawn: both, revision or comparison")]
    public PrincipleUse AppliesTo { get; init; }

    [Description("it is drawn only for prompts with one of these words (default: for all prompts)")]
    public ImmutableArray<string> PromptsWith { get; init; } = [];

    [Description("words that break it: all that the critic by rule knows of it")]
    public ImmutableArray<AvoidedWord> Avoid { get; init; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (AppliesTo != PrincipleUse.Comparison && (CritiqueRequest.Trim().Length == 0 || RevisionRequest.Trim().Length == 0))
        {
            yield return new ValidationResult(
                $"'{Id}' has no critique_request or no revision_request; expected both, or applies_to: comparison.",
                [nameof(CritiqueRequest)]
            );
        }

        if (AppliesTo != PrincipleUse.Revision && ComparisonQuestion.Trim().Length == 0)
        {
            yield return new ValidationResult(
                $"'{Id}' has no comparison_question; expected one, or applies_to: revision.",
                [nameof(ComparisonQuestion)]
            );
        }

        if (Avoid.FirstOrDefault(a => a.Word.Trim().Length == 0) is not null)
        {
            yield return new ValidationResult($"'{Id}' has an empty word in avoid; expected a word or several.", [nameof(Avoid)]);
        }
    }

    /// <summary>Whether it may be drawn for this prompt.</summary>
    /// <param name="prompt">The prompt's text.</param>
    internal bool Suits(PrincipleUse use, string prompt) =>
        (AppliesTo == PrincipleUse.Both || AppliesTo == use)
        && Weight > 0
        && (PromptsWith.IsEmpty || PromptsWith.Any(w => prompt.Contains(w, StringComparison.OrdinalIgnoreCase)));
}
