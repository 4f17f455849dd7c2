namespace Attune.Training.Optimisation;

/// <summary>Where Adam's epsilon stands.</summary>
public enum AdamStyle
{
    /// <summary>Kingma and Ba 2015, algorithm 1, as in PyTorch: epsilon beside the bias-corrected root.</summary>
    Torch,

    /// <summary>
    /// TensorFlow 1, as in OpenAI's 2019 code: epsilon beside the uncorrected root, so that early steps on small gradients are
    /// much smaller (up to 29 times at the first step).
    /// </summary>
    TensorFlow,
}

/// <summary>AdamW's numbers (Loshchilov and Hutter 2019).</summary>
public sealed record OptimiserOptions
{
    public double Beta1 { get; init; } = 0.9;
    public double Beta2 { get; init; } = 0.999;
    public double Epsilon { get; init; } = 1e-8;
    public AdamStyle Style { get; init; } = AdamStyle.Torch;

    /// <summary>Decoupled, on matrices only.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Longest allowed gradient (global norm); 0 for no limit.</summary>
    public double MaxGradientNorm { get; init; }
}
