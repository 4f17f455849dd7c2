using Attune.Core;

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

    /// <summary>down(silu(gate x) * up x) (Shazeer 2020).</summary>
    SwiGlu,

    /// <summary>down(gelu(gate x) * up x) with the tanh approximation (Gemma).</summary>
    GeGlu,
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

/// <summary>The shape of a decoder-only transformer. <see cref="Validate"/> says whether the numbers fit together.</summary>
public sealed record TransformerConfig
{
    public required int VocabularySize { get; init; }
    public required int Width { get; init; }
    public required int Layers { get; init; }
    public required int Heads { get; init; }

    /// <summary>
    /// Heads that keys and values have; a divisor of <see cref="Heads"/> (grouped-query attention), equal to it for the plain form.
    /// </summary>
    public required int KeyValueHeads { get; init; }
    public required int HiddenWidth { get; init; }

    /// <summary>The longest text, in tokens.</summary>
    public required int ContextLength { get; init; }
    public PositionKind Positions { get; init; }
    public NormKind Norm { get; init; }
    public FeedForwardKind FeedForward { get; init; }
    public BiasKind Biases { get; init; }
    public double NormEpsilon { get; init; } = 1e-5;
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>How rotary positions are stretched to a longer context; null where they are not.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>The width of a head where it is not <see cref="Width"/> / <see cref="Heads"/> (Qwen 3, Gemma).</summary>
    public int? OwnHeadWidth { get; init; }

    /// <summary>Every head's query and key go through an RMSNorm of their own before they are turned (Qwen 3).</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Tokens that attention looks back on, its own included (Mistral); null for all.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>What token embeddings are multiplied by on their way in: sqrt(width) for Gemma. A tied head is not.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Files hold the norms' weights less one (Gemma); here they always are what is multiplied by.</summary>
    public bool NormsLessOne { get; init; }

    /// <summary>The output head is the token embedding.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>"gpt2", "llama", "mistral", "qwen2", "qwen3" or "gemma": the name the files carry.</summary>
    public string Family { get; init; } = "gpt2";

    public int HeadWidth => OwnHeadWidth ?? Width / Heads;

    /// <summary>Of all query heads together, and so of what attention gives.</summary>
    public int QueryWidth => Heads * HeadWidth;
    public int KeyValueWidth => KeyValueHeads * HeadWidth;

    /// <summary>Whether the feed-forward map has a gate beside its values.</summary>
    public bool IsGated => FeedForward != FeedForwardKind.Gelu;

    /// <summary>The GPT-2 family: learned positions, LayerNorm, GELU, biases, tied head, hidden width four times the width.</summary>
    public static TransformerConfig Gpt2(int vocabularySize, int width, int layers, int heads, int contextLength) =>
        new()
        {
            VocabularySize = vocabularySize,
            Width = width,
            Layers = layers,
            Heads = heads,
            KeyValueHeads = heads,
            HiddenWidth = 4 * width,
            ContextLength = contextLength,
        };

    /// <summary>The Llama family: rotary positions, RMSNorm, SwiGLU, no biases, untied head.</summary>
    public static TransformerConfig Llama(
        int vocabularySize,
        int width,
        int layers,
        int heads,
        int keyValueHeads,
        int hiddenWidth,
        int contextLength
    ) =>
        new()
        {
            VocabularySize = vocabularySize,
            Width = width,
            Layers = layers,
            Heads = heads,
            KeyValueHeads = keyValueHeads,
            HiddenWidth = hiddenWidth,
            ContextLength = contextLength,
            Positions = PositionKind.Rotary,
            Norm = NormKind.RmsNorm,
            FeedForward = FeedForwardKind.SwiGlu,
            Biases = BiasKind.None,
            TiedHead = false,
            Family = "llama",
        };

    /// <summary>Every problem with these numbers, each one sentence that begins with the field's name.</summary>
    public IEnumerable<string> Problems() => [.. SizeProblems(), .. HeadProblems(), .. NumberProblems()];

    private IEnumerable<string> SizeProblems()
    {
        (string Name, int Value)[] sizes =
        [
            (nameof(VocabularySize), VocabularySize),
            (nameof(Width), Width),
            (nameof(Layers), Layers),
            (nameof(Heads), Heads),
            (nameof(KeyValueHeads), KeyValueHeads),
            (nameof(HiddenWidth), HiddenWidth),
            (nameof(ContextLength), ContextLength),
        ];
        foreach (var (name, value) in sizes)
        {
            var most = name == nameof(Layers) ? 4096 : 1 << 24;
            if (value < 1 || value > most)
            {
                yield return $"{name} is {value}; expected 1 to {most}.";
            }
        }
    }

    private IEnumerable<string> HeadProblems()
    {
        if (OwnHeadWidth is null && Heads >= 1 && Width % Heads != 0)
        {
            yield return $"Heads is {Heads}, which does not divide Width {Width}.";
        }
        else if (OwnHeadWidth is < 1 or > 1 << 16)
        {
            yield return $"OwnHeadWidth is {OwnHeadWidth}; expected 1 to {1 << 16}.";
        }
        else if (Positions == PositionKind.Rotary && Heads >= 1 && HeadWidth % 2 != 0)
        {
            yield return $"The width of a head is {HeadWidth}; rotary positions need an even number.";
        }

        if (SlidingWindow < 1)
        {
            yield return $"SlidingWindow is {SlidingWindow}; expected 1 or more.";
        }

        if (KeyValueHeads >= 1 && Heads % KeyValueHeads != 0)
        {
            yield return $"KeyValueHeads is {KeyValueHeads}, which does not divide Heads {Heads}.";
        }
    }

    private IEnumerable<string> NumberProblems()
    {
        if (!(NormEpsilon > 0 && NormEpsilon < 1))
        {
            yield return $"NormEpsilon is {NormEpsilon}; expected more than 0 and less than 1.";
        }

        if (!(RopeTheta > 1) || double.IsInfinity(RopeTheta))
        {
            yield return $"RopeTheta is {RopeTheta}; expected more than 1.";
        }
    }

    /// <summary>This configuration, where its numbers fit together.</summary>
    /// <exception cref="ConfigurationException">They do not; lists every problem.</exception>
    public TransformerConfig Validate() =>
        Problems().ToArray() is { Length: > 0 } problems ? throw new ConfigurationException(problems) : this;
}
