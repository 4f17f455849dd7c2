using Attune.Core.Tokens;

namespace Attune.Methods.Preference;

/// <summary>A pair to learn from.</summary>
/// <param name="Reference">What the reference says of it, where that was computed beforehand; null where a live reference is to be
/// asked.</param>
public sealed record PreferencePair(TokenPair Pair, ReferenceLogProbs? Reference)
{
    /// <summary>
    /// Tokens of the chosen answer divided by their mean over the update: makes means over tokens out of means over pairs.
    /// </summary>
    public double TokenShare { get; init; } = 1;

    /// <summary>The same of the rejected answer, for labels that may be wrong.</summary>
    public double TurnedShare { get; init; } = 1;

    /// <summary>The pair with its answers in each other's place.</summary>
    public PreferencePair Turned() =>
        this with
        {
            Pair = Pair with { Chosen = Pair.Rejected, Rejected = Pair.Chosen, Margin = -Pair.Margin, Probability = 1 - Pair.Probability },
            Reference = Reference is { } known ? new ReferenceLogProbs(known.Rejected, known.Chosen) : null,
            TokenShare = TurnedShare,
            TurnedShare = TokenShare,
            Explored = Explored switch
            {
                ExploredSide.Chosen => ExploredSide.Rejected,
                ExploredSide.Rejected => ExploredSide.Chosen,
                _ => null,
            },
        };

    /// <summary>The answer that the reference (XPO) or the mixture (Nash-MD) wrote; null where the policy wrote both.</summary>
    public ExploredSide? Explored { get; init; }

    /// <summary>What the losses that compare sorted margins set against this pair; null for the other losses.</summary>
    public SortedPartner? Partner { get; init; }
}

/// <summary>Which answer of a pair the policy did not write.</summary>
public enum ExploredSide
{
    Chosen,
    Rejected,
}

/// <summary>log pi_ref of both answers, nats. Zeros stand for a reference that likes all answers alike: reference-free.</summary>
public readonly record struct ReferenceLogProbs(double Chosen, double Rejected);

/// <summary>Numbers without gradient of the same rank as this pair's own, nats.</summary>
/// <param name="OfChosen">What the pair's margin, or its chosen answer, is compared with.</param>
/// <param name="OfRejected">What its rejected answer is compared with, where answers are ranked apart.</param>
public readonly record struct SortedPartner(double OfChosen, double OfRejected);
