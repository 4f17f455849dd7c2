using System.Collections.Immutable;

namespace Attune.Text.Tokenizers;

/// <summary>The special tokens of a vocabulary, by text.</summary>
/// <param name="Begin">Put before a text; null where the model knows none.</param>
/// <param name="End">Ends an answer.</param>
/// <param name="Pad">Fills rows; null where the vocabulary has none of its own, or only the end token.</param>
public sealed record SpecialTokens(string? Begin, string End, string? Pad)
{
    /// <summary>Special tokens without a role here: those of chat templates.</summary>
    public ImmutableArray<string> Others { get; init; } = [];

    /// <summary>Each once, in the order in which a trained vocabulary begins: begin, end, pad, others.</summary>
    public IEnumerable<string> All => Roles.Concat(Others).Distinct(StringComparer.Ordinal);

    /// <summary>Those that begin, end and pad.</summary>
    internal IEnumerable<string> Roles => new[] { Begin, End, Pad }.OfType<string>().Distinct(StringComparer.Ordinal);
}
