namespace Attune.Models.Configuration;

/// <summary>
/// Feed-forward maps of which a router picks some for each token (Shazeer et al. 2017, arXiv:1701.06538): the chosen ones' outputs are
/// added, each times its share of the router's softmax.
/// </summary>
/// <param name="Count">Of each layer that has them.</param>
/// <param name="Used">For a token.</param>
/// <param name="HiddenWidth">Of one expert.</param>
public sealed record Experts(int Count, int Used, int HiddenWidth)
{
    // Of all layers together: a configuration that lies must not make us list what it claims.
    private const int Most = 1 << 16;

    /// <summary>The chosen experts' shares are divided by their sum; else they are those of all experts' softmax.</summary>
    public bool SharesSumToOne { get; init; } = true;

    /// <summary>Routers and experts have biases (gpt-oss).</summary>
    public bool IsBiased { get; init; }

    /// <summary>The layers that have experts; null for all.</summary>
    public ValueList<bool>? Layers { get; init; }

    internal IEnumerable<string> Problems(int layers)
    {
        if (Count < 1 || (long)Count * Math.Max(layers, 1) > Most)
        {
            yield return $"Experts.Count is {Count}; expected 1 or more, and at most {Most} in all layers together.";
        }

        if (Used < 1 || Used > Count)
        {
            yield return $"Experts.Used is {Used}; expected 1 to the {Count} that there are.";
        }

        if (HiddenWidth is < 1 or > 1 << 24)
        {
            yield return $"Experts.HiddenWidth is {HiddenWidth}; expected 1 to {1 << 24}.";
        }

        if (Layers is not null && Layers.Count != layers)
        {
            yield return $"Experts.Layers tells {Layers.Count} layers apart; the model has {layers}.";
        }
    }
}
