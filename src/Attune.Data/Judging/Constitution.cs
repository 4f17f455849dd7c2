using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Conversations;
using Attune.Core.Runs;

namespace Attune.Data.Judging;

/// <summary>An answer with its critique and revision, shown to a critic before it is asked.</summary>
public sealed record RevisionExample
{
    [Description("what was asked")]
    public required string Prompt { get; init; }

    [Description("an answer that breaks a principle")]
    public required string Answer { get; init; }

    [Description("as a principle has it")]
    public required string CritiqueRequest { get; init; }

    [Description("a good critique")]
    public required string Critique { get; init; }

    [Description("as a principle has it")]
    public required string RevisionRequest { get; init; }

    [Description("a good revision")]
    public required string Revision { get; init; }
}

/// <summary>
/// The principles by which answers are criticised, revised and compared (Bai et al. 2022, arXiv:2212.08073). A file in YAML:
/// docs/algorithms/constitutional.md.
/// </summary>
public sealed record Constitution : IValidatableObject
{
    [Description("its name")]
    public required string Title { get; init; }

    [Description("the language it is written in, for readers")]
    public string Language { get; init; } = "en";

    [Description("raised by whoever changes it, for readers")]
    public string Version { get; init; } = "1";

    [Description("the principles, one or more")]
    public required ImmutableArray<Principle> Principles { get; init; }

    [Description("examples of critiques and revisions, shown to a model before it is asked, so that it does not mix up the two")]
    public ImmutableArray<RevisionExample> Examples { get; init; } = [];

    /// <summary>Of all that is in it.</summary>
    [JsonIgnore]
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this)));

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Principles.IsEmpty)
        {
            yield return new ValidationResult("principles is empty; expected one or more.", [nameof(Principles)]);
        }

        if (Principles.GroupBy(p => p.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            yield return new ValidationResult($"principles: the id '{twice.Key}' stands twice; expected each once.", [nameof(Principles)]);
        }

        if (!Principles.IsEmpty && Principles.All(p => p.Weight == 0))
        {
            yield return new ValidationResult("principles: all weights are 0; expected one that is drawn.", [nameof(Principles)]);
        }
    }

    /// <summary>A principle for a prompt, drawn with the weights of those that apply; null where none does.</summary>
    public Principle? Draw(PrincipleUse use, Prompt prompt, Seed seed)
    {
        var text = PromptText.Of(prompt);
        Principle[] apply = [.. Principles.Where(p => p.Suits(use, text))];
        var left = seed.Rng().NextDouble() * apply.Sum(p => p.Weight);
        foreach (var principle in apply)
        {
            left -= principle.Weight;
            if (left < 0)
            {
                return principle;
            }
        }

        return apply.LastOrDefault();
    }
}
