using System.Diagnostics;
using System.Numerics;
using Attune.Core.Runs;
using Attune.Kernels;
using static TorchSharp.torch;

namespace Attune.Bench.Benchmarks;

/// <summary>Measures a machine's ceilings: products of the shapes transformers have, and streams too long for any cache.</summary>
internal sealed unsafe class CeilingMeasurement(int repeats)
{
    private const int WarmUps = 3;
    private const int StreamFloats = 1 << 26; // 256 MB

    // rows, inputs, outputs: both maps of a feed-forward layer of width 768, and a square.
    private static readonly (int Rows, int Inputs, int Outputs)[] Shapes = [(512, 768, 3072), (512, 3072, 768), (1024, 1024, 1024)];

    public MachineCeilings Run(Seed seed, CancellationToken cancel)
    {
        using var team = new WorkerTeam();
        return new MachineCeilings(
            Best(TorchGemm(ScalarType.Float32), cancel),
            Best((rows, inputs, outputs) => OwnGemm(team, seed, KernelType.F32, rows, inputs, outputs), cancel),
            Best(TorchGemm(ScalarType.BFloat16), cancel),
            Best((rows, inputs, outputs) => OwnGemm(team, seed, KernelType.BF16, rows, inputs, outputs), cancel),
            Copy(team),
            Read(team)
        );
    }

    /// <summary>Of the shape with the highest median.</summary>
    private static Spread Best(Func<int, int, int, Spread> measure, CancellationToken cancel) =>
        Shapes
            .Select(shape =>
            {
                cancel.ThrowIfCancellationRequested();
                return measure(shape.Rows, shape.Inputs, shape.Outputs);
            })
            .MaxBy(s => s.Median)!;

    private Func<int, int, int, Spread> TorchGemm(ScalarType type) =>
        (rows, inputs, outputs) =>
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var activations = ones([rows, inputs], type);
            var weights = ones([outputs, inputs], type);
            return Rates(2e-9 * rows * inputs * outputs, () => nn.functional.linear(activations, weights).Dispose());
        };

    private Spread OwnGemm(WorkerTeam team, Seed seed, KernelType type, int rows, int inputs, int outputs)
    {
        using var activations = new NativeBuffer((long)rows * inputs);
        using var product = new NativeBuffer((long)rows * outputs);
        using var weights = new PackedMatrix(outputs, inputs, type: type);
        var rng = seed.For("gemm").Rng();
        var numbers = new float[outputs * inputs];
        foreach (ref var number in numbers.AsSpan())
        {
            number = (float)rng.NextDouble();
        }

        weights.Pack(numbers);
        // Ones in bfloat16 too: their pairs are the bits 3F80 3F80.
        activations.Span(0, rows * inputs).Fill(type == KernelType.F32 ? 1 : BitConverter.UInt32BitsToSingle(0x3F80_3F80));
        return Rates(
            2e-9 * rows * inputs * outputs,
            () =>
                team.Run(worker =>
                {
                    var store = new StoreTile(product.Start, outputs);
                    Gemm.Multiply(activations.Start, inputs, rows, weights, store, worker, team.Count);
                })
        );
    }

    private Spread Copy(WorkerTeam team)
    {
        using var source = new NativeBuffer(StreamFloats);
        using var target = new NativeBuffer(StreamFloats);
        var part = StreamFloats / team.Count;
        return Rates(
            2e-9 * sizeof(float) * StreamFloats,
            () => team.Run(worker => source.Span(worker * part, part).CopyTo(target.Span(worker * part, part)))
        );
    }

    private Spread Read(WorkerTeam team)
    {
        using var source = new NativeBuffer(StreamFloats);
        var part = StreamFloats / team.Count;
        var sums = new float[team.Count];
        return Rates(
            1e-9 * sizeof(float) * StreamFloats,
            () => team.Run(worker => sums[worker] = Sum(source.Start + (long)worker * part, part))
        );
    }

    private static float Sum(float* values, int count)
    {
        var width = Vector<float>.Count;
        Vector<float> a = default,
            b = default,
            c = default,
            d = default;
        for (var i = 0; i + 4 * width <= count; i += 4 * width)
        {
            a += Vector.Load(values + i);
            b += Vector.Load(values + i + width);
            c += Vector.Load(values + i + 2 * width);
            d += Vector.Load(values + i + 3 * width);
        }

        return Vector.Sum(a + b + c + d);
    }

    /// <param name="amount">Of one repeat, in units of 10^9.</param>
    private Spread Rates(double amount, Action repeat)
    {
        for (var i = 0; i < Math.Min(WarmUps, repeats); i++)
        {
            repeat();
        }

        return Spread.Of(
            Enumerable
                .Range(0, repeats)
                .Select(_ =>
                {
                    var start = Stopwatch.GetTimestamp();
                    repeat();
                    return amount / Stopwatch.GetElapsedTime(start).TotalSeconds;
                })
        );
    }

    /// <summary>Writes a tile where it belongs, without anything added.</summary>
    private readonly struct StoreTile(float* product, int stride) : ITileEpilogue
    {
        public void Finish(float* tile, int firstRow, int rows, int panel)
        {
            for (var row = 0; row < rows; row++)
            {
                new ReadOnlySpan<float>(tile + row * PackedMatrix.Panel, PackedMatrix.Panel).CopyTo(
                    new Span<float>(product + (long)(firstRow + row) * stride + panel * PackedMatrix.Panel, PackedMatrix.Panel)
                );
            }
        }
    }
}
