using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>What a fused layer needs to know of the tokens of one call. Tensors, because the backward pass may come long after.</summary>
/// <param name="Starts">[rows] int32: the first token of its row that each may look at; null for the row's first.</param>
/// <param name="Cosines">Of the rotary angles, [positions, half] or [rows, half], float32; null without rotary positions.</param>
internal sealed record FusedView(AttentionShape Shape, Tensor? Starts, Tensor? Cosines, Tensor? Sines, bool AnglesPerToken)
{
    /// <summary>What an adapter's dropout draws from; null for none.</summary>
    internal Seed? Rng { get; init; }
}

/// <summary>
/// The kernels as operations on tensors: activations are [rows, width] of <see cref="Type"/>, residuals and statistics float32. Nothing
/// here is recorded by autograd; every operation has its backward pass beside it.
/// </summary>
internal abstract class TensorKernels
{
    /// <summary>
    /// Whether this processor multiplies and adds in one instruction. Without that the kernels would be no faster than libtorch's
    /// operations.
    /// </summary>
    internal static bool IsSupported => Fma.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>The kernels for weights of a type; null where this processor, or they, cannot do it.</summary>
    /// <param name="config">Whose widths decide whether rows end within vectors.</param>
    internal static TensorKernels? For(ScalarType type, TransformerConfig config)
    {
        var isRagged = new[] { config.Width, config.QueryWidth, config.KeyValueWidth, config.HiddenWidth }.Any(width => width % 16 != 0);
        return (IsSupported, type, isRagged) switch
        {
            (true, ScalarType.Float32, false) => new TensorKernels<Float32Element>(),
            (true, ScalarType.Float32, true) => new TensorKernels<Ragged<Float32Element>>(),
            (true, ScalarType.BFloat16, false) => new TensorKernels<BFloat16Element>(),
            (true, ScalarType.BFloat16, true) => new TensorKernels<Ragged<BFloat16Element>>(),
            _ => null,
        };
    }

    internal abstract ScalarType Type { get; }

    /// <summary>The norm of input + delta, that sum (the input itself without a delta), and each row's mean and scale.</summary>
    internal abstract (Tensor Output, Tensor Sum, Tensor Statistics) Norm(
        TransformerConfig config,
        Tensor input,
        Tensor? delta,
        Tensor weight,
        Tensor? bias
    );

    /// <returns>residualGradient + the gradient of the norm's input, float32</returns>
    internal abstract Tensor NormBackward(
        TransformerConfig config,
        Tensor sum,
        Tensor gradient,
        Tensor weight,
        Tensor statistics,
        Tensor? residualGradient,
        Tensor? weightGradient,
        Tensor? biasGradient
    );

    /// <summary>input weight^T + bias</summary>
    /// <param name="weight">[outputs, inputs]</param>
    internal abstract Tensor Linear(Tensor input, Tensor weight, Tensor? bias);

    /// <summary>Adds the gradients of weight and bias to theirs.</summary>
    /// <returns>The gradient of the input.</returns>
    internal abstract Tensor LinearBackward(Tensor gradient, Tensor input, Tensor weight, Tensor? weightGradient, Tensor? biasGradient);

    internal abstract Tensor Activate(TransformerConfig config, Tensor up);

    /// <param name="gradient">Of the activation; may be overwritten.</param>
    /// <returns>The gradient of <paramref name="up"/>.</returns>
    internal abstract Tensor ActivateBackward(TransformerConfig config, Tensor up, Tensor gradient);

    /// <summary>Joint rows whose queries and keys are normed head by head.</summary>
    internal abstract Tensor HeadNorm(TransformerConfig config, Tensor joint, Tensor queryWeight, Tensor keyWeight);

    /// <param name="joint">Before the norm.</param>
    /// <param name="gradient">Of the normed rows; becomes that of <paramref name="joint"/>.</param>
    internal abstract void HeadNormBackward(
        TransformerConfig config,
        Tensor joint,
        Tensor gradient,
        Tensor queryWeight,
        Tensor keyWeight,
        Tensor? queryGradient,
        Tensor? keyGradient
    );

    internal abstract (Tensor Output, Tensor LogSums) Attend(Tensor joint, FusedView view);

    internal abstract Tensor AttendBackward(Tensor joint, Tensor output, Tensor logSums, Tensor gradient, FusedView view);

    /// <summary>input + delta, float32</summary>
    internal abstract Tensor Add(Tensor input, Tensor delta);

    /// <summary>A float32 tensor in <see cref="Type"/>: itself where that is float32.</summary>
    internal abstract Tensor Rounded(Tensor exact);

    /// <summary>Rows of one or two tables, added, float32.</summary>
    internal abstract Tensor Gather(Tensor table, Tensor rows, Tensor? second, Tensor? secondRows);

    internal abstract void ScatterAdd(Tensor gradient, Tensor rows, Tensor tableGradient);

    /// <summary>
    /// Log-probabilities of targets, logs of the softmax sums, entropies, and 1 where no token is likelier; [4, rows] float32
    /// </summary>
    internal abstract Tensor LogSoftmax(Tensor logits, Tensor targets, double scale);

    /// <summary>Overwrites the logits by their gradient.</summary>
    internal abstract void LogSoftmaxBackward(Tensor logits, Tensor targets, double scale, Tensor logSums, Tensor gradient);
}
