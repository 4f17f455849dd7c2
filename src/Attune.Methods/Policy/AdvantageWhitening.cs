namespace Attune.Methods.Policy;

/// <summary>Over which answers advantages are brought to mean 0 and standard deviation 1.</summary>
public enum AdvantageWhitening
{
    None,

    /// <summary>Once over the round's answer tokens, as in TRL and Huang et al. 2024.</summary>
    Batch,

    /// <summary>Within each minibatch, as in OpenAI 2019.</summary>
    Minibatch,
}
