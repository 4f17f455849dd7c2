using Attune.Core.Tokens;

namespace Attune.Methods.Preference;

/// <summary>A pair to learn from.</summary>
/// <param name="Reference">What the reference says of it, where that was computed beforehand; null where a live reference is to be
/// asked.</param>
public sealed record PreferencePair(TokenPair Pair, ReferenceLogProbs? Reference);

/// <summary>log pi_ref of both answers, nats. Zeros stand for a reference that likes all answers alike: reference-free.</summary>
public readonly record struct ReferenceLogProbs(double Chosen, double Rejected);
