namespace Attune.Models.Configuration;

/// <summary>How a layer learns where a token stands.</summary>
public enum PositionKind
{
    /// <summary>A learned vector per position, added to the token's (GPT-2).</summary>
    Learned,

    /// <summary>Queries and keys are rotated by an angle proportional to the position (Su et al. 2021, rotate-half form).</summary>
    Rotary,
}

public enum NormKind
{
    LayerNorm,

    /// <summary>Scale only, no mean, no bias (Zhang and Sennrich 2019).</summary>
    RmsNorm,
}

public enum FeedForwardKind
{
    /// <summary>down(gelu(up x)) with the tanh approximation, "gelu_new" in Hugging Face's configurations.</summary>
    Gelu,

    /// <summary>The same with the normal distribution's own function, "gelu" in Hugging Face's configurations (GPT-NeoX).</summary>
    ExactGelu,

    /// <summary>down(silu(gate x) * up x) (Shazeer 2020).</summary>
    SwiGlu,

    /// <summary>
    /// down((up x + 1) * g sigmoid(a g)) with g = gate x at most L and up x within L of 0 (gpt-oss); L and a are the configuration's.
    /// </summary>
    BoundedSwiGlu,

    /// <summary>down(gelu(gate x) * up x) with the tanh approximation (Gemma).</summary>
    GeGlu,
}

/// <summary>Where a layer's branches, attention and feed-forward, are normed.</summary>
public enum NormPlacement
{
    /// <summary>x + branch(norm(x)).</summary>
    Before,

    /// <summary>x + norm(branch(x)) (OLMo 2).</summary>
    After,

    /// <summary>x + norm(branch(norm(x))) (Gemma 2 and 3).</summary>
    Around,
}

/// <summary>Which linear maps inside a layer carry a bias.</summary>
public enum BiasKind
{
    All,
    None,

    /// <summary>Only query, key and value (Qwen 2).</summary>
    QueryKeyValue,

    /// <summary>Query, key, value and the map after attention ("attention_bias").</summary>
    Attention,
}
