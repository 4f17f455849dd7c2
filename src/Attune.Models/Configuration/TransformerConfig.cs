using Attune.Core;

namespace Attune.Models.Configuration;

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

    /// <summary>Experts in place of the one feed-forward map, in all layers or in some (Mixtral, Qwen 3 MoE); null for none.</summary>
    public Experts? Experts { get; init; }

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

    /// <summary>Query and key go through an RMSNorm over all heads together (OLMo 2).</summary>
    public bool WholeQueryKeyNorm { get; init; }

    /// <summary>Tokens that attention looks back on, its own included (Mistral); null for all.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>The layers that have the window; null for all.</summary>
    public ValueList<bool>? WindowedLayers { get; init; }

    /// <summary>Layers without rotary positions (SmolLM3); null for none.</summary>
    public ValueList<bool>? UnturnedLayers { get; init; }

    /// <summary>The rotary base of the layers with a window, which are not stretched (Gemma 3); null for that of all.</summary>
    public double? WindowRopeTheta { get; init; }

    /// <summary>How many numbers of a head are turned, the first ones; null for all.</summary>
    public int? OwnRotaryWidth { get; init; }
    public NormPlacement NormPlacement { get; init; }

    /// <summary>
    /// Both branches read the layer's input (GPT-NeoX): x + attention(norm1(x)) + feedForward(norm2(x)).
    /// </summary>
    public bool ParallelBranches { get; init; }

    /// <summary>What a branch is multiplied by before it is added (Granite).</summary>
    public double BranchScale { get; init; } = 1;

    /// <summary>What a query's product with a key is multiplied by; null for 1 / sqrt(head width).</summary>
    public double? AttentionScale { get; init; }

    /// <summary>c in c tanh(s / c), which bounds a query's products with keys (Gemma 2); null for none.</summary>
    public double? AttentionCap { get; init; }

    /// <summary>Every head has a trained number beside its scores in the softmax, whose share is thrown away (gpt-oss).</summary>
    public bool AttentionSinks { get; init; }

    /// <summary>L of <see cref="FeedForwardKind.BoundedSwiGlu"/>.</summary>
    public double GateBound { get; init; } = 7;

    /// <summary>a of <see cref="FeedForwardKind.BoundedSwiGlu"/>.</summary>
    public double GateSlope { get; init; } = 1.702;

    /// <summary>What logits are multiplied by (Granite).</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>c in c tanh(l / c), which bounds logits (Gemma 2); null for none.</summary>
    public double? LogitCap { get; init; }

    /// <summary>What token embeddings are multiplied by on their way in: sqrt(width) for Gemma. A tied head is not.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Files hold the norms' weights less one (Gemma); here they always are what is multiplied by.</summary>
    public bool NormsLessOne { get; init; }

    /// <summary>The output head is the token embedding.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>"gpt2", "llama", "gemma2" and so on: the name the files carry.</summary>
    public string Family { get; init; } = "gpt2";

    public int HeadWidth => OwnHeadWidth ?? Width / Heads;

    /// <summary>Of all query heads together, and so of what attention gives.</summary>
    public int QueryWidth => Heads * HeadWidth;
    public int KeyValueWidth => KeyValueHeads * HeadWidth;
    public int RotaryWidth => OwnRotaryWidth ?? HeadWidth;

    /// <summary>
    /// Whether every layer is of the plain kind that the fused kernels and the rollout engine compute; others go by libtorch.
    /// </summary>
    public bool IsPlain =>
        FeedForward is not (FeedForwardKind.ExactGelu or FeedForwardKind.BoundedSwiGlu)
        && NormPlacement == NormPlacement.Before
        && !(WholeQueryKeyNorm || ParallelBranches || AttentionSinks)
        && (WindowedLayers, UnturnedLayers, WindowRopeTheta, OwnRotaryWidth) == default
        && RopeScaling?.Kind != RopeScalingKind.LongRope
        && (BranchScale, LogitScale) == (1, 1)
        && (AttentionScale, AttentionCap, LogitCap, Experts) == default;

    internal bool HasWindow(int layer) => SlidingWindow is not null && WindowedLayers?[layer] != false;

    internal bool IsTurned(int layer) => Positions == PositionKind.Rotary && UnturnedLayers?[layer] != true;

    internal bool HasExperts(int layer) => Experts is not null && Experts.Layers?[layer] != false;

    /// <summary>Whether the feed-forward map has a gate beside its values.</summary>
    public bool IsGated => FeedForward is FeedForwardKind.SwiGlu or FeedForwardKind.GeGlu or FeedForwardKind.BoundedSwiGlu;

    /// <summary>Whether attention needs its scores one by one, which a fused kernel does not give.</summary>
    internal bool NeedsScores => AttentionCap is not null || AttentionSinks;

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
    public IEnumerable<string> Problems() => [.. SizeProblems(), .. HeadProblems(), .. NumberProblems(), .. ExpertProblems()];

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
        else if (Positions == PositionKind.Rotary && Heads >= 1 && (RotaryWidth % 2 != 0 || RotaryWidth < 2 || RotaryWidth > HeadWidth))
        {
            yield return OwnRotaryWidth is null
                ? $"The width of a head is {HeadWidth}; rotary positions need an even number."
                : $"OwnRotaryWidth is {RotaryWidth}; expected an even number from 2 to a head's width, {HeadWidth}.";
        }

        if (new[] { WindowedLayers, UnturnedLayers }.FirstOrDefault(l => l is not null && l.Count != Layers) is { } layers)
        {
            yield return $"{layers.Count} layers are told apart; the model has {Layers}.";
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

        foreach (var factors in new[] { RopeScaling?.ShortFactors, RopeScaling?.LongFactors })
        {
            if (factors is not null && factors.Count != RotaryWidth / 2)
            {
                yield return $"RopeScaling has {factors.Count} factors; expected one for each of {RotaryWidth / 2} pairs.";
            }
        }

        (string Name, double? Value)[] positive =
        [
            (nameof(WindowRopeTheta), WindowRopeTheta),
            (nameof(BranchScale), BranchScale),
            (nameof(AttentionScale), AttentionScale),
            (nameof(AttentionCap), AttentionCap),
            (nameof(GateBound), GateBound),
            (nameof(GateSlope), GateSlope),
            (nameof(LogitScale), LogitScale),
            (nameof(LogitCap), LogitCap),
        ];
        foreach (var (name, value) in positive)
        {
            if (value is { } number && !(number > 0 && double.IsFinite(number)))
            {
                yield return $"{name} is {number}; expected more than 0.";
            }
        }
    }

    private IEnumerable<string> ExpertProblems() =>
        Experts is null ? []
        : IsGated ? Experts.Problems(Layers)
        : [$"FeedForward is {FeedForward}; experts have a gate."];

    /// <summary>This configuration, where its numbers fit together.</summary>
    /// <exception cref="ConfigurationException">They do not; lists every problem.</exception>
    public TransformerConfig Validate() =>
        Problems().ToArray() is { Length: > 0 } problems ? throw new ConfigurationException(problems) : this;
}
