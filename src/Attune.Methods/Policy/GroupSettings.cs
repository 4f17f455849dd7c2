namespace Attune.Methods.Policy;

/// <summary>The groups of options that methods have which compare several answers to a prompt.</summary>
public sealed record GroupSettings(
    GroupOptions Group,
    KlOptions Kl,
    TokenSelection Tokens,
    SamplerCorrection Correction,
    EntropyOptions Entropy
);
