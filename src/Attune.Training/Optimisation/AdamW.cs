using Attune.Kernels;
using Attune.Models.Weights;
using Attune.Numerics;
using TorchSharp;

namespace Attune.Training.Optimisation;

/// <summary>
/// AdamW over flat parameters in one pass: clip, decay, moments, step, rounding to the weights' type and zeroing of the gradient.
/// 32 bytes of memory traffic a parameter in float32 and 30 in bfloat16, which is the floor; the usual tensor-by-tensor way costs
/// ten times that in time.
/// </summary>
public sealed class AdamW : IDisposable
{
    // Sums go in blocks of this size, in a fixed order, so that results do not depend on the number of threads.
    private const int Block = AdamState.Block;

    private readonly OptimiserOptions _options;

    public AdamW(IEnumerable<FlatParameters> learners, OptimiserOptions options)
    {
        _options = options;
        Parts = [.. learners.Select(l => new AdamState(l))];
    }

    public IReadOnlyList<AdamState> Parts { get; }

    /// <summary>Updates from the accumulated gradient, then zeroes it.</summary>
    /// <param name="step">1 for the first update: bias correction.</param>
    /// <param name="learningRate">Of this update.</param>
    /// <returns>The gradient's global norm before clipping; not finite where training has diverged, and then nothing was changed.</returns>
    public double Step(long step, double learningRate)
    {
        var norm = Math.Sqrt(Squares());
        if (double.IsFinite(norm))
        {
            Apply(step, learningRate, Clip(norm, _options.MaxGradientNorm));
        }

        return norm;
    }

    /// <summary>The sum of squares of the accumulated gradient.</summary>
    public double Squares()
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        return Parts.Sum(p => OnCpu(p) ? FlatSquares(p) : p.Summed.square().sum(torch.ScalarType.Float32).ToDouble());
    }

    /// <summary>What the gradient is multiplied by, so that its norm is at most the limit; 0 is no limit.</summary>
    public static double Clip(double norm, double limit) => limit > 0 && norm > limit ? limit / norm : 1;

    /// <summary>Updates from the accumulated gradient times <paramref name="clip"/>, then zeroes it.</summary>
    public void Apply(long step, double learningRate, double clip)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var numbers = Numbers(step, learningRate, clip);
        foreach (var part in Parts)
        {
            if (OnCpu(part))
            {
                FlatStep(part, numbers);
            }
            else
            {
                TensorStep(part, numbers);
            }
        }
    }

    /// <summary>Zeroes the accumulated gradient without learning from it.</summary>
    public void Discard()
    {
        foreach (var part in Parts)
        {
            part.Discard();
        }
    }

    /// <summary>Between microbatches: sets their gradients apart where they are too coarse to be summed as they are.</summary>
    public void Gather()
    {
        foreach (var part in Parts)
        {
            part.Gather();
        }
    }

    private static bool OnCpu(AdamState part) => part.Values.device_type == DeviceType.CPU;

    public void Dispose()
    {
        foreach (var part in Parts)
        {
            part.Dispose();
        }
    }

    internal AdamNumbers Numbers(long step, double learningRate, double clip)
    {
        var correction = Math.Sqrt(1 - Math.Pow(_options.Beta2, step));
        var rate = learningRate * correction / (1 - Math.Pow(_options.Beta1, step));
        // Both conventions are p -= rate * m / (sqrt(v) + e); they differ in e alone.
        var epsilon = _options.Style == AdamStyle.Torch ? _options.Epsilon * correction : _options.Epsilon;
        return new AdamNumbers(
            (float)clip,
            (float)rate,
            (float)epsilon,
            (float)(learningRate * _options.WeightDecay),
            (float)_options.Beta1,
            (float)_options.Beta2
        );
    }

    private static unsafe double FlatSquares(AdamState part)
    {
        var gradients = part.Summed;
        var address = (nint)TensorMemory.Start(gradients);
        var isHalf = gradients.dtype == torch.ScalarType.BFloat16;
        var count = part.Count;
        var sums = new double[(count + Block - 1) / Block];
        ParallelLoop.For(
            sums.Length,
            count,
            block =>
            {
                var start = (long)block * Block;
                var length = Math.Min(Block, count - start);
                sums[block] = isHalf
                    ? AdamKernel.Squares<FlatBFloat16>((void*)address, start, length)
                    : AdamKernel.Squares<FlatFloat32>((void*)address, start, length);
            }
        );
        return sums.Sum();
    }

    private static void FlatStep(AdamState part, AdamNumbers numbers)
    {
        if (part.Summed.dtype == torch.ScalarType.BFloat16)
        {
            FlatStep<FlatBFloat16>(part, numbers);
        }
        else
        {
            FlatStep<FlatFloat32>(part, numbers);
        }
    }

    private static unsafe void FlatStep<TGradient>(AdamState part, AdamNumbers numbers)
        where TGradient : struct, IFlatStorage
    {
        var gradients = part.Summed;
        var (p, g) = ((nint)TensorMemory.Start(part.Values), (nint)TensorMemory.Start(gradients));
        var (m, v) = ((nint)TensorMemory.Start(part.FirstMoment), (nint)TensorMemory.Start(part.SecondMoment));
        var r = part.Rounded is { } rounded ? (nint)TensorMemory.Start(rounded) : 0;
        // Weight decay pulls on matrices only, as in GPT-2 and all its successors: not on biases and norms.
        var plain = numbers with
        {
            Decay = 0,
        };
        ParallelLoop.For(
            part.Stretches.Count,
            part.Count,
            i =>
            {
                var stretch = part.Stretches[i];
                var own = stretch.IsMatrix ? numbers : plain;
                AdamKernel.Step<TGradient, FlatBFloat16>(
                    (float*)p,
                    (void*)g,
                    (float*)m,
                    (float*)v,
                    (void*)r,
                    stretch.Start,
                    stretch.Length,
                    own
                );
            }
        );
        part.HasSums = false;
    }

    /// <summary>The same step in tensor operations, for devices whose memory this process cannot address.</summary>
    internal static void TensorStep(AdamState part, AdamNumbers n)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var gradient = part.Summed.to(torch.ScalarType.Float32).mul_(n.Clip);
        part.FirstMoment.mul_(n.Beta1).add_(gradient, 1 - n.Beta1);
        part.SecondMoment.mul_(n.Beta2).addcmul_(gradient, gradient, 1 - n.Beta2);
        foreach (var slot in part.Slots.Where(s => s.IsMatrix && n.Decay != 0))
        {
            part.Values.narrow(0, slot.Offset, slot.Length).mul_(1 - n.Decay);
        }

        part.Values.addcdiv_(part.FirstMoment, part.SecondMoment.sqrt().add_(n.Epsilon), -n.Rate);
        part.Rounded?.copy_(part.Values);
        part.Summed.zero_();
        part.HasSums = false;
    }
}
