using System.Numerics;
using Attune.Models.Weights;
using TorchSharp;

namespace Attune.Learning.Optimisation;

/// <summary>
/// AdamW over flat parameters in one pass: clip, decay, moments, step and zeroing of the gradient. 32 bytes of memory traffic a
/// parameter, which is the floor for float32; the usual tensor-by-tensor way costs ten times that in time.
/// </summary>
public sealed class AdamW : IDisposable
{
    // Sums and steps go in blocks of this size, in a fixed order, so that results do not depend on the number of threads.
    private const int Block = 1 << 16;

    private readonly OptimiserOptions _options;

    public AdamW(IEnumerable<FlatParameters> learners, OptimiserOptions options)
    {
        _options = options;
        Parts = [.. learners.Select(l => new TrainedPart(l))];
    }

    public IReadOnlyList<TrainedPart> Parts { get; }

    /// <summary>Updates from the accumulated gradient, then zeroes it.</summary>
    /// <param name="step">1 for the first update: bias correction.</param>
    /// <param name="learningRate">Of this update.</param>
    /// <returns>The gradient's global norm before clipping; not finite where training has diverged, and then nothing was changed.</returns>
    public double Step(long step, double learningRate)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var norm = Math.Sqrt(Parts.Sum(p => OnCpu(p) ? FlatSquares(p) : p.Gradients.square().sum().ToDouble()));
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        var clip = _options.MaxGradientNorm > 0 && norm > _options.MaxGradientNorm ? _options.MaxGradientNorm / norm : 1;
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

        return norm;
    }

    private static bool OnCpu(TrainedPart part) => part.Values.device_type == DeviceType.CPU;

    public void Dispose()
    {
        foreach (var part in Parts)
        {
            part.Dispose();
        }
    }

    private readonly record struct StepNumbers(float Clip, float Rate, float Epsilon, float Decay, float Beta1, float Beta2);

    private StepNumbers Numbers(long step, double learningRate, double clip)
    {
        var correction = Math.Sqrt(1 - Math.Pow(_options.Beta2, step));
        var rate = learningRate * correction / (1 - Math.Pow(_options.Beta1, step));
        // Both conventions are p -= rate * m / (sqrt(v) + e); they differ in e alone.
        var epsilon = _options.Style == AdamStyle.Torch ? _options.Epsilon * correction : _options.Epsilon;
        return new StepNumbers((float)clip, (float)rate, (float)epsilon, (float)(learningRate * _options.WeightDecay), (float)_options.Beta1, (float)_options.Beta2);
    }

    private static unsafe double FlatSquares(TrainedPart part)
    {
        var gradients = Pointer(part.Gradients);
        var count = part.Count;
        var sums = new double[(count + Block - 1) / Block];
        Parallel.For(0, sums.Length, block =>
        {
            var span = new ReadOnlySpan<float>(gradients + (long)block * Block, (int)Math.Min(Block, count - (long)block * Block));
            var sum = 0.0;
            // Runs of 1024 in float32 lanes, then float64: exact enough for a norm and free of overflow worries.
            while (!span.IsEmpty)
            {
                var run = span[..Math.Min(1024, span.Length)];
                sum += SquareSum(run);
                span = span[run.Length..];
            }

            sums[block] = sum;
        });
        return sums.Sum();
    }

    private static float SquareSum(ReadOnlySpan<float> values)
    {
        var total = Vector<float>.Zero;
        var i = 0;
        for (; i + Vector<float>.Count <= values.Length; i += Vector<float>.Count)
        {
            var lane = new Vector<float>(values[i..]);
            total += lane * lane;
        }

        var sum = Vector.Sum(total);
        for (; i < values.Length; i++)
        {
            sum += values[i] * values[i];
        }

        return sum;
    }

    private static unsafe void FlatStep(TrainedPart part, StepNumbers numbers)
    {
        float* p = Pointer(part.Values), g = Pointer(part.Gradients), m = Pointer(part.FirstMoment), v = Pointer(part.SecondMoment);
        foreach (var slot in part.Slots)
        {
            // Weight decay pulls on matrices only, as in GPT-2 and all its successors: not on biases and norms.
            var own = slot.IsMatrix ? numbers : numbers with { Decay = 0 };
            var blocks = (int)((slot.Length + Block - 1) / Block);
            void Work(int block)
            {
                var start = slot.Offset + (long)block * Block;
                var count = (int)Math.Min(Block, slot.Offset + slot.Length - start);
                StepBlock(p + start, g + start, m + start, v + start, count, own);
            }

            if (blocks == 1)
            {
                Work(0);
            }
            else
            {
                Parallel.For(0, blocks, Work);
            }
        }
    }

    private static unsafe void StepBlock(float* p, float* g, float* m, float* v, int count, StepNumbers n)
    {
        var width = Vector<float>.Count;
        var (clip, rate, epsilon, keep) = (new Vector<float>(n.Clip), new Vector<float>(n.Rate), new Vector<float>(n.Epsilon), new Vector<float>(1 - n.Decay));
        var (b1, c1, b2, c2) = (new Vector<float>(n.Beta1), new Vector<float>(1 - n.Beta1), new Vector<float>(n.Beta2), new Vector<float>(1 - n.Beta2));
        var i = 0;
        for (; i + width <= count; i += width)
        {
            var gradient = Vector.Load(g + i) * clip;
            var first = b1 * Vector.Load(m + i) + c1 * gradient;
            var second = b2 * Vector.Load(v + i) + c2 * gradient * gradient;
            (keep * Vector.Load(p + i) - rate * first / (Vector.SquareRoot(second) + epsilon)).Store(p + i);
            first.Store(m + i);
            second.Store(v + i);
            Vector<float>.Zero.Store(g + i);
        }

        for (; i < count; i++)
        {
            var gradient = g[i] * n.Clip;
            m[i] = n.Beta1 * m[i] + (1 - n.Beta1) * gradient;
            v[i] = n.Beta2 * v[i] + (1 - n.Beta2) * gradient * gradient;
            p[i] = (1 - n.Decay) * p[i] - n.Rate * m[i] / (MathF.Sqrt(v[i]) + n.Epsilon);
            g[i] = 0;
        }
    }

    /// <summary>The same step in tensor operations, for devices whose memory this process cannot address.</summary>
    internal void StepWithTensors(long step, double learningRate)
    {
        foreach (var part in Parts)
        {
            TensorStep(part, Numbers(step, learningRate, clip: 1));
        }
    }

    private static void TensorStep(TrainedPart part, StepNumbers n)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var gradient = part.Gradients.mul_(n.Clip);
        part.FirstMoment.mul_(n.Beta1).add_(gradient, 1 - n.Beta1);
        part.SecondMoment.mul_(n.Beta2).addcmul_(gradient, gradient, 1 - n.Beta2);
        foreach (var slot in part.Slots.Where(s => s.IsMatrix && n.Decay != 0))
        {
            part.Values.narrow(0, slot.Offset, slot.Length).mul_(1 - n.Decay);
        }

        part.Values.addcdiv_(part.FirstMoment, part.SecondMoment.sqrt().add_(n.Epsilon), -n.Rate);
        gradient.zero_();
    }

    /// <summary>The address of the first element; stable while the tensor lives, because libtorch's memory does not move.</summary>
    private static unsafe float* Pointer(torch.Tensor flat)
    {
        using var first = flat.narrow(0, 0, 1);
        fixed (byte* address = first.bytes)
        {
            return (float*)address;
        }
    }
}
