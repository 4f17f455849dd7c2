using System.Text.Json;
using Attune.Core;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Gguf;

/// <summary>What the blocks of each type stand for: worked out by hand, and as the gguf package dequantises llama.cpp's files.</summary>
public sealed class GgufBlocksTests
{
    public static TheoryData<string> Files { get; } = ["q4_0", "q5_1", "q8_0", "q6_k", "bf16", "q4_k_m", "q3_k_m", "iq4_xs"];

    /// <summary>Half precision: 0x3800 is 0.5, 0x3C00 is 1, 0xC000 is -2.</summary>
    [Fact]
    public void Blocks_of_32_are_as_worked_out_by_hand()
    {
        byte[] nibbles = [0x21, .. Enumerable.Repeat((byte)0x88, 14), 0xF0];
        var values = Widened(GgufType.Q40, [0x00, 0x38, .. nibbles]);
        Assert.Equal((-3.5f, 0f, -4f), (values[0], values[1], values[15])); // (1 - 8) / 2, (8 - 8) / 2, (0 - 8) / 2
        Assert.Equal((-3f, 3.5f), (values[16], values[31]));

        values = Widened(GgufType.Q41, [0x00, 0x38, 0x00, 0xC0, .. nibbles]);
        Assert.Equal((-1.5f, 2f, -2f, -1f, 5.5f), (values[0], values[1], values[15], values[16], values[31]));

        byte[] high = [0x01, 0x00, 0x01, 0x80]; // places 0, 16 and 31
        values = Widened(GgufType.Q50, [0x00, 0x38, .. high, .. nibbles]);
        Assert.Equal((0.5f, -4f, -8f, 1f, 7.5f), (values[0], values[1], values[15], values[16], values[31]));

        values = Widened(GgufType.Q51, [0x00, 0x38, 0x00, 0xC0, .. high, .. nibbles]);
        Assert.Equal((6.5f, 2f, -2f, 7f, 13.5f), (values[0], values[1], values[15], values[16], values[31]));

        values = Widened(GgufType.Q8, [0x00, 0x38, 0xFF, .. Enumerable.Repeat((byte)4, 30), 0x80]);
        Assert.Equal((-0.5f, 2f, -64f), (values[0], values[1], values[31]));

        values = Widened(GgufType.Iq4Nl, [0x00, 0x38, .. nibbles]);
        Assert.Equal((-52f, 0.5f, -63.5f, -41.5f, 56.5f), (values[0], values[1], values[15], values[16], values[31]));
    }

    [Fact]
    public void Blocks_of_256_are_as_worked_out_by_hand()
    {
        // Q6_K: lower four bits 1, upper two 2, so 33 - 32 = 1; scales 3 and -1 at the ends.
        byte[] scales = [3, .. Enumerable.Repeat((byte)1, 14), 0xFF];
        var values = Widened(
            GgufType.Q6K,
            [.. Enumerable.Repeat((byte)0x11, 128), .. Enumerable.Repeat((byte)0xAA, 64), .. scales, 0x00, 0x38]
        );
        Assert.Equal((1.5f, 0.5f, -0.5f), (values[0], values[16], values[255]));

        // Q4_K: scale 0.5 and offset 1; the first run has scale 2 and offset 3, the fifth 5 + 16 and 7 + 32.
        byte[] packed = [2 | 0x40, 0, 0, 0, 3 | 0x80, 0, 0, 0, 5 | 0x70, 0, 0, 0];
        values = Widened(GgufType.Q4K, [0x00, 0x38, 0x00, 0x3C, .. packed, .. Enumerable.Repeat((byte)0x34, 128)]);
        Assert.Equal((0.5f * 2 * 4 - 3, 0f, 0.5f * 21 * 4 - 39), (values[0], values[32], values[128]));

        // Q5_K: the same with the fifth bits of the first and the fifth run.
        values = Widened(
            GgufType.Q5K,
            [0x00, 0x38, 0x00, 0x3C, .. packed, .. Enumerable.Repeat((byte)0x11, 32), .. Enumerable.Repeat((byte)0x34, 128)]
        );
        Assert.Equal((0.5f * 2 * 20 - 3, 0f, 0.5f * 21 * 20 - 39), (values[0], values[32], values[128]));

        // Q2_K: numbers 0, 1, 2, 3 in the four runs of 32; scale 2 and offset 1 for every 16.
        values = Widened(
            GgufType.Q2K,
            [.. Enumerable.Repeat((byte)0x12, 16), .. Enumerable.Repeat((byte)0xE4, 64), 0x00, 0x38, 0x00, 0x3C]
        );
        Assert.Equal((-1f, 0f, 1f, 2f, -1f), (values[0], values[32], values[64], values[96], values[128]));

        // Q3_K: numbers 0 to 3 less 4 where the third bit is not set, which it is in the first run; scale 33 - 32 = 1 throughout.
        values = Widened(
            GgufType.Q3K,
            [
                .. Enumerable.Repeat((byte)1, 32),
                .. Enumerable.Repeat((byte)0xE4, 64),
                .. Enumerable.Repeat((byte)0x11, 8),
                .. Enumerable.Repeat((byte)0xAA, 4),
                0x00,
                0x38,
            ]
        );
        Assert.Equal((0f, -1.5f, -1f, -0.5f, -2f), (values[0], values[32], values[64], values[96], values[128]));

        // IQ4_XS: scales 33 - 32 = 1 and, in the first run, 34 - 32 = 2; places 4 and 3 of the table.
        values = Widened(GgufType.Iq4Xs, [0x00, 0x38, 0xAA, 0xAA, 0x12, 0x11, 0x11, 0x11, .. Enumerable.Repeat((byte)0x34, 128)]);
        Assert.Equal((-49f, -65f, -24.5f, -32.5f), (values[0], values[16], values[32], values[48]));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Golden_values_are_those_of_the_gguf_package(string name)
    {
        using var golden = Golden(name);
        using var file = new GgufFile(SharedData.Require($"golden/gguf/{name}.gguf"));
        foreach (var tensor in golden.RootElement.GetProperty("tensors").EnumerateObject())
        {
            var entry = file.Find(tensor.Name)!;
            Assert.Equal(tensor.Value.GetProperty("type").GetString(), entry.Type.Name());
            Assert.Equal(tensor.Value.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()), entry.Shape);
            var values = file.Read(entry);
            var squares = tensor.Value.GetProperty("sum_of_squares").GetDouble();
            Assert.Equal(tensor.Value.GetProperty("sum").GetDouble(), values.Sum(v => (double)v), 1e-9 * (1 + squares));
            Assert.Equal(squares, values.Sum(v => (double)v * v), 1e-9 * (1 + squares));
            foreach (var (place, actual) in new[] { ("first64", values.Take(64)), ("last64", values.TakeLast(64)) })
            {
                if (tensor.Value.TryGetProperty(place, out var expected))
                {
                    Assert.Equal(expected.EnumerateArray().Select(v => v.GetSingle()), actual);
                }
            }

            var blocks = file.ReadBlocks(entry);
            var again = new float[blocks.Rows * blocks.Columns];
            GgufBlocks.Widen(blocks.Type, blocks.Bytes, again);
            Assert.Equal(values, again);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Golden_logits_are_those_of_the_dequantised_weights(string name)
    {
        using var golden = Golden(name);
        using var model = ModelFiles.LoadLanguageModel(SharedData.Require($"golden/gguf/{name}.gguf"));
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        long[] prompt = [.. golden.RootElement.GetProperty("prompt").EnumerateArray().Select(t => t.GetInt64())];
        var logits = model.Logits(model.Trunk.Hidden(tensor(prompt, [1, prompt.Length])))[0, -1].data<float>().ToArray();
        var expected = golden.RootElement.GetProperty("float64").GetProperty("last_row").EnumerateArray().Select(v => v.GetDouble());
        Assert.All(expected.Zip(logits), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void A_type_that_is_not_read_is_named()
    {
        using var folder = new TemporaryFolder();
        GgufWriter.Write(folder.File("m.gguf"), [], [new GgufTensor("only", [1, 32], GgufType.F32, () => new float[32])]);
        var bytes = File.ReadAllBytes(folder.File("m.gguf"));
        bytes[bytes.AsSpan().IndexOf("only"u8) + 4 + 4 + 16] = 16;
        File.WriteAllBytes(folder.File("m.gguf"), bytes);
        Assert.Contains(
            "the tensor 'only' is of ggml's type IQ2_XXS; supported are F32, F16",
            Assert.Throws<ModelFileException>(() => new GgufFile(folder.File("m.gguf"))).Message,
            StringComparison.Ordinal
        );
    }

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/gguf/{name}.json")));

    private static float[] Widened(GgufType type, byte[] block)
    {
        Assert.Equal(type.BlockBytes(), block.Length);
        var values = new float[type.BlockLength()];
        GgufBlocks.Widen(type, block, values);
        return values;
    }
}
