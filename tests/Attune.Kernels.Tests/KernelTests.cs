using System.Numerics;
using System.Runtime.Intrinsics;
using Attune.Core.Runs;
using Attune.Testing;
using CsCheck;

namespace Attune.Kernels.Tests;

public sealed unsafe class KernelTests
{
    private readonly struct Store(float* target, int stride, int columns) : ITileEpilogue
    {
        public void Finish(float* tile, int firstRow, int rows, int panel)
        {
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < Math.Min(64, columns - 64 * panel); column++)
                {
                    target[(firstRow + row) * stride + 64 * panel + column] = tile[row * 64 + column];
                }
            }
        }
    }

    [Fact]
    public void A_packed_product_equals_the_product_by_definition() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 70], Gen.Int[1, 200], Gen.Int[1, 3], Gen.ULong)
            .Sample(
                (rows, inputs, outputs, workers, seed) =>
                {
                    var rng = new Seed(seed).Rng();
                    var activations = Normals(rng, rows * inputs);
                    var weights = Normals(rng, outputs * inputs);
                    using var packed = new PackedMatrix(outputs, inputs);
                    packed.Pack(weights);
                    var product = new float[rows * outputs];
                    fixed (
                        float* a = activations,
                            c = product
                    )
                    {
                        for (var worker = 0; worker < workers; worker++)
                        {
                            Gemm.Multiply(a, inputs, rows, packed, new Store(c, outputs, outputs), worker, workers);
                        }
                    }

                    for (var row = 0; row < rows; row++)
                    {
                        for (var output = 0; output < outputs; output++)
                        {
                            var exact = Enumerable
                                .Range(0, inputs)
                                .Sum(k => (double)activations[row * inputs + k] * weights[output * inputs + k]);
                            Assert.Equal(exact, product[row * outputs + output], 1e-4);
                        }
                    }
                },
                iter: 60
            );

    [Fact]
    public void A_packed_product_in_bfloat16_equals_the_product_of_the_rounded_numbers() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 90], Gen.Int[1, 200], Gen.Bool, Gen.ULong)
            .Sample(
                (rows, inputs, outputs, givenShort, seed) =>
                {
                    var rng = new Seed(seed).Rng();
                    var activations = Rounded(Normals(rng, rows * inputs));
                    var exactWeights = Normals(rng, outputs * inputs);
                    var weights = Rounded(exactWeights);
                    using var packed = new PackedMatrix(outputs, inputs, type: KernelType.BF16);
                    if (givenShort)
                    {
                        packed.Pack([.. weights.Select(BFloat16.Round)]);
                    }
                    else
                    {
                        packed.Pack(exactWeights);
                    }

                    var product = new float[rows * outputs];
                    using var room = BFloat16Rows(activations, rows, inputs);
                    fixed (float* c = product)
                    {
                        Gemm.Multiply(room.Start, inputs + 1, rows, packed, new Store(c, outputs, outputs), 0, 1);
                    }

                    for (var row = 0; row < rows; row++)
                    {
                        for (var output = 0; output < outputs; output++)
                        {
                            var exact = Enumerable
                                .Range(0, inputs)
                                .Sum(k => (double)activations[row * inputs + k] * weights[output * inputs + k]);
                            Assert.Equal(exact, product[row * outputs + output], 1e-4);
                        }
                    }
                },
                iter: 60
            );

    [Fact]
    public void Packing_bfloat16_weights_in_32_bits_keeps_them()
    {
        const int Inputs = 50,
            Outputs = 70;
        var weights = Rounded(Normals(new Seed(8).Rng(), Outputs * Inputs));
        using var wide = new PackedMatrix(Outputs, Inputs);
        using var narrow = new PackedMatrix(Outputs, Inputs);
        wide.Pack(weights);
        narrow.Pack([.. weights.Select(BFloat16.Round)]);
        for (var panel = 0; panel < wide.Panels; panel++)
        {
            Assert.True(
                new Span<float>(wide.PanelAt(panel), 64 * Inputs).SequenceEqual(new Span<float>(narrow.PanelAt(panel), 64 * Inputs))
            );
        }
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(-2.5f, 0xC020)]
    [InlineData(1.00390625f, 0x3F80)] // half way between 1 and 1 + 2^-7: to the even one
    [InlineData(1.01171875f, 0x3F82)] // half way again, the even one above
    [InlineData(1.0040f, 0x3F81)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(3.4e38f, 0x7F80)]
    public void Rounding_to_bfloat16_is_to_the_nearest_and_to_even(float value, int bits)
    {
        Assert.Equal(bits, BFloat16.Round(value));
        var row = Enumerable.Repeat(value, 67).Append(float.NaN).ToArray();
        fixed (float* inPlace = row)
        {
            BFloat16.Round(inPlace, (ushort*)inPlace, row.Length);
            Assert.All(new Span<ushort>(inPlace, 67).ToArray(), rounded => Assert.Equal(bits, rounded));
            Assert.True(float.IsNaN(BFloat16.Widen(((ushort*)inPlace)[67])));
            var widened = stackalloc float[67];
            BFloat16.Widen((ushort*)inPlace, widened, 67);
            Assert.All(new Span<float>(widened, 67).ToArray(), number => Assert.Equal(BFloat16.Widen((ushort)bits), number));
        }
    }

    [Fact]
    public void Law_in_bfloat16_too_a_row_has_the_same_bits_in_every_tile_whatever_is_fetched_meanwhile()
    {
        const int Inputs = 154,
            Stride = 155;
        var rng = new Seed(5).Rng();
        using var rows = BFloat16Rows(Normals(rng, 6 * Inputs), 6, Inputs);
        using var packed = new PackedMatrix(64, Inputs, type: KernelType.BF16);
        packed.Pack(Normals(rng, 64 * Inputs));
        var (alone, tile, portable) = (new float[64], new float[6 * 64], new float[6 * 64]);
        fixed (
            float* one = alone,
                many = tile,
                plain = portable
        )
        {
            for (var count = 1; count <= 6; count++)
            {
                foreach (var lines in new[] { 0, 1, 2, 4 })
                {
                    Gemm.Tile(rows.Start, Stride, count, packed, 0, many, new Prefetch(packed.PanelAt(0), lines));
                    for (var row = 0; row < count; row++)
                    {
                        Gemm.Tile(rows.Start + row * Stride, Stride, 1, packed, 0, one, default);
                        Assert.True(alone.AsSpan().SequenceEqual(tile.AsSpan(row * 64, 64)), $"{count} rows, row {row}, {lines} lines");
                    }
                }

                BFloat16Gemm.PortableTile(rows.Start, Stride, count, packed.PanelAt(0), packed.Steps, plain, default);
                Assert.InRange(Differences.Largest(tile.AsSpan(0, count * 64), portable.AsSpan(0, count * 64)), 0, 2e-5f);
            }
        }
    }

    [Fact]
    public void Vectors_are_as_narrow_as_was_asked_for()
    {
        Assert.False(
            (NarrowVectors.IsOff(NarrowVectors.Without512) || NarrowVectors.IsOff(NarrowVectors.Without256))
                && Vector512.IsHardwareAccelerated
        );
        Assert.False(NarrowVectors.IsOff(NarrowVectors.Without256) && Vector256.IsHardwareAccelerated);
    }

    private static float[] Rounded(float[] values) => [.. values.Select(v => BFloat16.Widen(BFloat16.Round(v)))];

    /// <summary>[rows][inputs + 1 floats], each row's bfloat16 in its first half.</summary>
    private static NativeBuffer BFloat16Rows(float[] values, int rows, int inputs)
    {
        var room = new NativeBuffer(rows * (inputs + 1));
        for (var i = 0; i < values.Length; i++)
        {
            ((ushort*)(room.Start + i / inputs * (inputs + 1)))[i % inputs] = BFloat16.Round(values[i]);
        }

        return room;
    }

    [Fact]
    public void Law_a_row_has_the_same_bits_in_every_tile_and_on_every_vector_width()
    {
        const int Inputs = 177;
        var rng = new Seed(4).Rng();
        var activations = Normals(rng, 6 * Inputs);
        var panel = Normals(rng, 64 * Inputs);
        var alone = stackalloc float[64];
        var tile = stackalloc float[6 * 64];
        fixed (
            float* a = activations,
                p = panel
        )
        {
            for (var rows = 1; rows <= 6; rows++)
            {
                foreach (var portable in new[] { false, true })
                {
                    if (portable)
                    {
                        Gemm.Strips<Gemm.Float32Weights>(a, Inputs, rows, p, Inputs, tile, default);
                    }
                    else
                    {
                        Gemm.Tile(a, Inputs, rows, p, Inputs, tile);
                    }

                    for (var row = 0; row < rows; row++)
                    {
                        Gemm.Tile(a + row * Inputs, Inputs, 1, p, Inputs, alone);
                        Assert.True(
                            new Span<float>(alone, 64).SequenceEqual(new Span<float>(tile + row * 64, 64)),
                            $"{rows} rows, row {row}, portable {portable}"
                        );
                    }
                }
            }
        }
    }

    [Fact]
    public void Gated_panels_hold_each_gate_beside_its_value()
    {
        const int Outputs = 40;
        var weights = Enumerable.Range(0, 2 * Outputs).Select(i => (float)i).ToArray();
        using var packed = new PackedMatrix(2 * Outputs, 1, PanelOrder.Gated);
        packed.Pack(weights);
        Assert.Equal(2, packed.Panels);
        for (var output = 0; output < Outputs; output++)
        {
            var panel = packed.PanelAt(output / 32);
            Assert.Equal(output, panel[output % 32]);
            Assert.Equal(Outputs + output, panel[32 + output % 32]);
        }
    }

    [Fact]
    public void Exp_is_within_two_ten_millionths_and_zero_at_minus_infinity()
    {
        for (var x = -87f; x < 88; x += 0.0137f)
        {
            var exact = Math.Exp(x);
            Assert.InRange(Math.Abs(VectorMath.Exp(new Vector<float>(x))[0] - exact) / exact, 0, 2e-7);
        }

        Assert.Equal(0, VectorMath.Exp(new Vector<float>(float.NegativeInfinity))[0]);
        Assert.True(float.IsFinite(VectorMath.Exp(new Vector<float>(1000))[0]));
    }

    [Fact]
    public void Activations_equal_their_definitions()
    {
        for (var x = -12.0; x < 12; x += 0.037)
        {
            var single = (float)x;
            var gelu = 0.5 * single * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (single + 0.044715 * Math.Pow(single, 3))));
            Assert.Equal(gelu, VectorMath.Gelu(new Vector<float>(single))[0], 2e-6);
            Assert.Equal(single / (1 + Math.Exp(-single)), VectorMath.Silu(new Vector<float>(single))[0], 2e-6);
        }
    }

    [Fact]
    public void All_workers_see_what_each_wrote_before_the_barrier()
    {
        using var team = new WorkerTeam(4);
        var written = new int[4];
        var wrong = 0;
        for (var round = 1; round <= 200; round++)
        {
            team.Run(worker =>
            {
                for (var step = 1; step <= 5; step++)
                {
                    written[worker] = round * 100 + step;
                    team.Barrier();
                    if (written.Any(value => value != round * 100 + step))
                    {
                        Interlocked.Increment(ref wrong);
                    }

                    team.Barrier();
                }
            });
        }

        Assert.Equal(0, wrong);
    }

    [Fact]
    public void A_failing_worker_fails_the_run_and_the_team_goes_on()
    {
        using var team = new WorkerTeam(3);
        var failure = Assert.Throws<InvalidOperationException>(() =>
            team.Run(worker =>
            {
                if (worker == 1)
                {
                    throw new InvalidOperationException("broken");
                }

                team.Barrier();
            })
        );
        Assert.Equal("broken", failure.Message);
        var ran = 0;
        team.Run(_ =>
        {
            team.Barrier();
            Interlocked.Increment(ref ran);
        });
        Assert.Equal(3, ran);
    }

    [Fact]
    public void A_buffer_refuses_stretches_outside_itself()
    {
        using var buffer = new NativeBuffer(10);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(8, 3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Span(-1, 3).Length);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Span(0, 1).Length);
    }

    private static float[] Normals(Rng rng, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)rng.NextNormal())];
}
