using Attune.Core.Runs;
using CsCheck;

namespace Attune.Kernels.Tests;

public sealed unsafe class BlockTests
{
    private const int Block = BlockCodec.Length;

    private readonly struct Store(float* target, int stride, int columns, int perPanel) : ITileEpilogue
    {
        public void Finish(float* tile, int firstRow, int rows, int panel)
        {
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < Math.Min(perPanel, columns - perPanel * panel); column++)
                {
                    target[(firstRow + row) * stride + perPanel * panel + column] = tile[row * 64 + column];
                }
            }
        }
    }

    [Fact]
    public void Blocks_of_8_bits_by_hand()
    {
        // The largest magnitude, 254, makes a step of 2.
        var values = new float[Block];
        (values[0], values[1], values[2], values[31]) = (-254, 4, 4.9f, 100);
        var block = new byte[34];
        BlockCodec.Encode(BlockType.Q80, values, block);
        Assert.Equal(BitConverter.GetBytes((Half)2f), block[..2]);
        Assert.Equal([unchecked((byte)-127), 2, 2, 0], block[2..6]);
        Assert.Equal(50, block[33]);
        var decoded = new float[Block];
        BlockCodec.Decode(BlockType.Q80, block, decoded);
        Assert.Equal([-254f, 4f, 4f, 0f], decoded[..4]);
    }

    [Fact]
    public void Blocks_of_4_bits_around_zero_by_hand()
    {
        // The extreme, 16, is code 0: a step of -2. Elements 0 and 16 share the first byte, 0 low.
        var values = new float[Block];
        (values[0], values[16], values[1]) = (16, -14, 3.9f);
        var block = new byte[18];
        BlockCodec.Encode(BlockType.Q40, values, block);
        Assert.Equal(BitConverter.GetBytes((Half)(-2f)), block[..2]);
        Assert.Equal([0xF0, 0x86, 0x88], block[2..5]);
        var decoded = new float[Block];
        BlockCodec.Decode(BlockType.Q40, block, decoded);
        Assert.Equal((16f, 4f, -14f), (decoded[0], decoded[1], decoded[16]));
    }

    [Fact]
    public void Blocks_of_4_bits_above_their_least_value_by_hand()
    {
        // From -1 to 6.5 in 15 steps of a half.
        var values = Enumerable.Repeat(-1f, Block).ToArray();
        (values[0], values[1], values[17]) = (6.5f, 0.6f, 2f);
        var block = new byte[20];
        BlockCodec.Encode(BlockType.Q41, values, block);
        Assert.Equal(BitConverter.GetBytes((Half)0.5f), block[..2]);
        Assert.Equal(BitConverter.GetBytes((Half)(-1f)), block[2..4]);
        Assert.Equal([0x0F, 0x63, 0x00], block[4..7]);
        var decoded = new float[Block];
        BlockCodec.Decode(BlockType.Q41, block, decoded);
        Assert.Equal((6.5f, 0.5f, 2f, -1f), (decoded[0], decoded[1], decoded[17], decoded[31]));
    }

    /// <summary>What ggml gives where other ways to round give another code.</summary>
    [Fact]
    public void Codes_are_rounded_as_in_ggml()
    {
        // Steps of 100/127, in 16 bits a little more: 79.14 is 100.508 of the first and 100.483 of the second. Halves go away from zero.
        Assert.Equal([127, 101], Codes(BlockType.Q80, 100, 79.14f));
        Assert.Equal([unchecked((byte)-127), 3, unchecked((byte)-3)], Codes(BlockType.Q80, -254, 5, -5));
        // A step of -2: -1.5 and 8.5 make 7, -2.5 and 8.5 make 6. Of two extremes the first decides the sign.
        Assert.Equal([0, 7, 6], Codes(BlockType.Q40, 16, 3, 5).Select(c => (byte)(c & 15)));
        Assert.Equal([0, 15], Codes(BlockType.Q40, -4, 4).Select(c => (byte)(c & 15)));
        // Steps of a half from -1 on: 0.25 is 2.5 of them.
        Assert.Equal([15, 0, 3], Codes(BlockType.Q41, 6.5f, -1, 0.25f).Select(c => (byte)(c & 15)));
    }

    private static byte[] Codes(BlockType type, params float[] first)
    {
        var values = new float[Block];
        first.CopyTo(values, 0);
        var block = new byte[BlockCodec.Bytes(type)];
        BlockCodec.Encode(type, values, block);
        return block[(type == BlockType.Q41 ? 4 : 2)..][..first.Length];
    }

    /// <summary>
    /// Magnitudes from 0.03 on: below, a scale may have fewer digits than 11, and codes need not reach the end. Eight numbers or more:
    /// where all are nearly the same, other bytes stand for them too.
    /// </summary>
    [Theory]
    [InlineData(BlockType.Q80)]
    [InlineData(BlockType.Q40)]
    [InlineData(BlockType.Q41)]
    public void A_block_that_was_decoded_is_coded_to_the_same_bytes(BlockType type) =>
        Gen.Select(Gen.Int[8, Block], Gen.Double[-1.5, 3], Gen.ULong)
            .Sample(
                (count, magnitude, seed) =>
                {
                    var rng = new Seed(seed).Rng();
                    var values = Normals(rng, count).Select(v => v * (float)Math.Pow(10, magnitude)).ToArray();
                    byte[] first = new byte[BlockCodec.Bytes(type)],
                        second = new byte[first.Length];
                    BlockCodec.Encode(type, values, first);
                    var decoded = new float[count];
                    BlockCodec.Decode(type, first, decoded);
                    BlockCodec.Encode(type, decoded, second);
                    Assert.Equal(first, second);
                },
                iter: 300
            );

    /// <summary>A weight is off by half a step at most, and by what rounding the scale and the least value to 11 digits adds.</summary>
    [Theory]
    [InlineData(BlockType.Q80, 127)]
    [InlineData(BlockType.Q40, 8)]
    [InlineData(BlockType.Q41, 15)]
    public void Weights_are_kept_to_half_a_step(BlockType type, int steps)
    {
        var values = Normals(new Seed(3).Rng(), 40 * Block);
        var kept = BlockMatrix.Of(type, 8, 5 * Block, values).ToArray();
        for (var block = 0; block < values.Length; block += Block)
        {
            var own = values.AsSpan(block, Block).ToArray();
            var range = type == BlockType.Q41 ? own.Max() - own.Min() : own.Max(Math.Abs);
            // In Q4_0 the end opposite the extreme has one step less: it may be off by a whole one.
            var most = range / steps * (type == BlockType.Q40 ? 1 : 0.5) + own.Max(Math.Abs) * (1.0 / 1024);
            for (var i = 0; i < Block; i++)
            {
                Assert.InRange(Math.Abs(kept[block + i] - own[i]), 0, most);
            }
        }
    }

    [Theory]
    [InlineData(BlockType.Q80)]
    [InlineData(BlockType.Q40)]
    [InlineData(BlockType.Q41)]
    public void A_block_of_zeros_or_of_one_number_is_kept(BlockType type)
    {
        foreach (var number in (float[])[0, 0.75f, -1.5f])
        {
            var kept = BlockMatrix.Of(type, 1, Block, Enumerable.Repeat(number, Block).ToArray()).ToArray();
            Assert.All(kept, k => Assert.Equal(number, k, Math.Abs(number) * 1e-3));
        }
    }

    /// <summary>The promise: quantised weights give the bits of the 32-bit product with what they stand for.</summary>
    [Theory]
    [InlineData(BlockType.Q80)]
    [InlineData(BlockType.Q40)]
    [InlineData(BlockType.Q41)]
    public void A_product_with_blocks_has_the_bits_of_the_product_with_the_decoded_matrix(BlockType type) =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 130], Gen.Int[1, 200], Gen.Int[1, 3], Gen.Bool, Gen.ULong)
            .Sample(
                (rows, inputs, outputs, workers, gated, seed) =>
                {
                    var rng = new Seed(seed).Rng();
                    var order = gated ? PanelOrder.Gated : PanelOrder.Plain;
                    outputs += gated ? outputs % 2 : 0;
                    var activations = Normals(rng, rows * inputs);
                    var blocks = BlockMatrix.Of(type, outputs, inputs, Normals(rng, outputs * inputs));
                    using var packed = new PackedMatrix(outputs, inputs, order, KernelType.Q4);
                    using var plain = new PackedMatrix(outputs, inputs, order);
                    packed.Pack(blocks);
                    plain.Pack(blocks.ToArray());
                    Assert.Equal(Product(plain, activations, rows, 1), Product(packed, activations, rows, workers));
                },
                iter: 60
            );

    [Theory]
    [InlineData(KernelType.Q8, BlockType.Q80)]
    [InlineData(KernelType.Q4, BlockType.Q41)]
    public void Numbers_are_quantised_as_they_are_packed(KernelType type, BlockType blockType)
    {
        const int Outputs = 70,
            Inputs = 75;
        var weights = Normals(new Seed(9).Rng(), Outputs * Inputs).Select(v => BFloat16.Widen(BFloat16.Round(v))).ToArray();
        var activations = Normals(new Seed(10).Rng(), Inputs);
        using var expected = new PackedMatrix(Outputs, Inputs, type: type);
        expected.Pack(BlockMatrix.Of(blockType, Outputs, Inputs, weights));
        using var packed = new PackedMatrix(Outputs, Inputs, type: type);
        packed.Pack(weights);
        Assert.Equal(Product(expected, activations, 1, 1), Product(packed, activations, 1, 1));
        packed.Pack([.. weights.Select(BFloat16.Round)]);
        Assert.Equal(Product(expected, activations, 1, 1), Product(packed, activations, 1, 1));
    }

    [Fact]
    public void Rows_are_joined_and_reordered_with_their_blocks()
    {
        var upper = BlockMatrix.Of(BlockType.Q41, 2, 40, Normals(new Seed(1).Rng(), 80));
        var lower = BlockMatrix.Of(BlockType.Q41, 1, 40, Normals(new Seed(2).Rng(), 40));
        var turned = BlockMatrix.Join(upper, lower).Reorder([2, 0, 1]);
        Assert.Equal([.. lower.ToArray(), .. upper.ToArray()], turned.ToArray());
        Assert.Throws<ArgumentException>(() => BlockMatrix.Join(upper, BlockMatrix.Of(BlockType.Q40, 1, 40, new float[40])));
    }

    private static float[] Product(PackedMatrix weights, float[] activations, int rows, int workers)
    {
        var inputs = weights.Inputs;
        var columns = weights.Panels * 64;
        var product = new float[rows * columns];
        fixed (
            float* a = activations,
                c = product
        )
        {
            for (var worker = 0; worker < workers; worker++)
            {
                Gemm.Multiply(a, inputs, rows, weights, new Store(c, columns, columns, 64), worker, workers);
            }
        }

        return product;
    }

    private static float[] Normals(Rng rng, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)rng.NextNormal())];
}
