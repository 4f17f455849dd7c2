namespace Attune.Core.Feedback;

/// <summary>The provenance of a label that a model gave.</summary>
/// <param name="Name">The model's.</param>
/// <param name="Principle">The id of the principle that it judged by; empty where there was none.</param>
/// <param name="Order">The orders in which it saw the answers: both, shown (as in the row) or reversed.</param>
/// <param name="PromptHash">SHA-256 of what it was asked.</param>
public sealed record ModelAuthor(string Name, string Principle, string Order, string PromptHash)
{
    /// <summary>What its probability comes from: log-probabilities, votes or rule.</summary>
    public string Evidence { get; init; } = "";
}
