using System.Text;
using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Gguf;

public sealed class GgufTests
{
    [Theory]
    [InlineData("gpt2", GgufType.F32, 0f)]
    [InlineData("llama", GgufType.F16, 5e-4f)]
    [InlineData("qwen2", GgufType.BF16, 4e-3f)]
    public void A_file_holds_every_weight_where_its_header_says(string family, GgufType type, float relativeError)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        var file = Exported(model, type);
        Assert.Equal(family, file.Fields["general.architecture"]);
        Assert.Equal((uint)config.Width, file.Fields[$"{family}.embedding_length"]);
        Assert.Equal("no_vocab", file.Fields["tokenizer.ggml.model"]);
        Assert.Equal(model.NamedParameters.Sum(p => p.Parameter.numel()), file.Tensors.Values.Sum(t => (long)t.Values.Length));
        Assert.All(file.Tensors.Values, t => Assert.Equal(0, t.Offset % 32));
        Close(Of(model, "tokens"), file.Tensors["token_embd.weight"].Values);
        Close(Of(model, "layers.2.down.weight"), file.Tensors["blk.2.ffn_down.weight"].Values);
        Assert.Equal(Of(model, "norm.weight"), file.Tensors["output_norm.weight"].Values);
        Assert.Equal(new[] { (ulong)config.HiddenWidth, (ulong)config.Width }, file.Tensors["blk.0.ffn_down.weight"].Shape);

        void Close(float[] expected, float[] actual) =>
            Assert.All(
                expected.Zip(actual),
                pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, Math.Abs(pair.First) * relativeError + 1e-7f)
            );
    }

    [Fact]
    public void Llamas_queries_and_keys_are_turned_from_halves_to_neighbours_and_values_are_not()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        var file = Exported(model, GgufType.F32);
        var joint = Of(model, "layers.1.qkv.weight");
        var (width, head) = (config.Width, config.HeadWidth);
        var key = file.Tensors["blk.1.attn_k.weight"].Values;
        for (var row = 0; row < config.KeyValueWidth; row++)
        {
            // Row 2i of a head is row i of its first half, row 2i + 1 row i of its second.
            var source = row / head * head + row % head / 2 + row % 2 * (head / 2);
            Assert.True(key.AsSpan(row * width, width).SequenceEqual(joint.AsSpan((width + source) * width, width)), $"row {row}");
        }

        Assert.True(
            file.Tensors["blk.1.attn_v.weight"].Values.AsSpan().SequenceEqual(joint.AsSpan((width + config.KeyValueWidth) * width))
        );
        Assert.Equal(Of(model, "layers.1.up.weight").Skip(config.HiddenWidth * width), file.Tensors["blk.1.ffn_up.weight"].Values);
    }

    [Fact]
    public void Quantised_numbers_are_within_half_a_step_and_rows_that_no_blocks_fit_stay_halves()
    {
        using var fitting = new LanguageModel(
            TransformerConfig.Gpt2(vocabularySize: 40, width: 64, layers: 1, heads: 2, contextLength: 8),
            new Seed(1)
        );
        var tensor = Exported(fitting, GgufType.Q8).Tensors["blk.0.ffn_up.weight"];
        Assert.Equal(GgufType.Q8, tensor.Type);
        var weights = Of(fitting, "layers.0.up.weight");
        foreach (var block in Enumerable.Range(0, weights.Length / 32))
        {
            var most = weights.Skip(block * 32).Take(32).Max(Math.Abs);
            for (var i = block * 32; i < block * 32 + 32; i++)
            {
                Assert.InRange(Math.Abs(weights[i] - tensor.Values[i]), 0, most * (0.5f / 127 + 1f / 1024));
            }
        }

        using var model = TinyModels.Random(TinyModels.Gpt2);
        Assert.Equal(GgufType.F16, Exported(model, GgufType.Q8).Tensors["blk.0.attn_qkv.weight"].Type);
        Assert.Equal(GgufType.F32, Exported(model, GgufType.Q8).Tensors["position_embd.weight"].Type);
    }

    [Fact]
    public void A_byte_level_tokenizer_goes_along()
    {
        var tokens = Enumerable.Range(0, 256).ToDictionary(b => ByteLetters(b), b => b);
        tokens["he"] = 256;
        var vocabulary = new BytePairVocabulary(tokens, ["h e"], new Dictionary<string, int> { ["<|end|>"] = 257 });
        var tokenizer = new BytePairTokenizer(vocabulary, new SpecialTokens(null, "<|end|>", null));
        using var model = new LanguageModel(
            TransformerConfig.Gpt2(vocabularySize: 260, width: 8, layers: 1, heads: 2, contextLength: 8),
            new Seed(1)
        );
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.gguf");
        GgufExport.Write(model, tokenizer, path, "tiny", GgufType.F32);
        var file = Gguf.Read(path);
        Assert.Equal("gpt2", file.Fields["tokenizer.ggml.model"]);
        var texts = Assert.IsType<object[]>(file.Fields["tokenizer.ggml.tokens"]);
        Assert.Equal(new object[] { "he", "<|end|>", "[PAD258]", "[PAD259]" }, texts[256..]);
        Assert.Equal(new object[] { 1, 3, 5, 5 }, Assert.IsType<object[]>(file.Fields["tokenizer.ggml.token_type"])[256..]);
        Assert.Equal(new object[] { "h e" }, Assert.IsType<object[]>(file.Fields["tokenizer.ggml.merges"]));
        Assert.Equal(257u, file.Fields["tokenizer.ggml.eos_token_id"]);
    }

    /// <summary>GPT-2's printable letters for bytes: those that are letters stay, the others follow from U+0100 on.</summary>
    private static string ByteLetters(int value)
    {
        static bool IsPlain(int b) => b is >= 33 and <= 126 or >= 161 and <= 172 or >= 174 and <= 255;
        return ((char)(IsPlain(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !IsPlain(b)))).ToString();
    }

    private static float[] Of(LanguageModel model, string slot) =>
        model.Weights[slot].detach().to(ScalarType.Float32).contiguous().data<float>().ToArray();

    private static Gguf Exported(LanguageModel model, GgufType type)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.gguf");
        GgufExport.Write(model, null, path, "tiny", type);
        return Gguf.Read(path);
    }

    private sealed record StoredTensor(ulong[] Shape, GgufType Type, long Offset, float[] Values);

    /// <summary>A reader after the format's description, for what the writer writes.</summary>
    private sealed record Gguf(Dictionary<string, object> Fields, Dictionary<string, StoredTensor> Tensors)
    {
        internal static Gguf Read(string path)
        {
            using var reader = new BinaryReader(File.OpenRead(path));
            Assert.Equal("GGUF", Encoding.ASCII.GetString(reader.ReadBytes(4)));
            Assert.Equal(3u, reader.ReadUInt32());
            var (tensorCount, fieldCount) = (reader.ReadInt64(), reader.ReadInt64());
            var fields = new Dictionary<string, object>();
            for (var i = 0; i < fieldCount; i++)
            {
                fields.Add(Text(reader), Value(reader, reader.ReadUInt32()));
            }

            var places = new List<(string Name, ulong[] Shape, GgufType Type, long Offset)>();
            for (var i = 0; i < tensorCount; i++)
            {
                places.Add(
                    (
                        Text(reader),
                        [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadUInt64())],
                        (GgufType)reader.ReadUInt32(),
                        reader.ReadInt64()
                    )
                );
            }

            var start = (reader.BaseStream.Position + 31) / 32 * 32;
            var tensors = places.ToDictionary(
                p => p.Name,
                p =>
                {
                    reader.BaseStream.Position = start + p.Offset;
                    return new StoredTensor(
                        p.Shape,
                        p.Type,
                        p.Offset,
                        Numbers(reader, p.Type, (int)p.Shape.Aggregate(1UL, (a, b) => a * b))
                    );
                }
            );
            return new Gguf(fields, tensors);
        }

        private static string Text(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadInt64()));

        private static object Value(BinaryReader reader, uint type) =>
            type switch
            {
                4 => reader.ReadUInt32(),
                5 => reader.ReadInt32(),
                6 => reader.ReadSingle(),
                7 => reader.ReadBoolean(),
                8 => Text(reader),
                9 => List(reader),
                _ => throw new InvalidDataException($"type {type}"),
            };

        private static object[] List(BinaryReader reader)
        {
            var type = reader.ReadUInt32();
            return [.. Enumerable.Range(0, (int)reader.ReadInt64()).Select(_ => Value(reader, type))];
        }

        private static float[] Numbers(BinaryReader reader, GgufType type, int count)
        {
            var values = new float[count];
            var scale = 0f;
            for (var i = 0; i < count; i++)
            {
                scale = type == GgufType.Q8 && i % 32 == 0 ? (float)reader.ReadHalf() : scale;
                values[i] = type switch
                {
                    GgufType.F32 => reader.ReadSingle(),
                    GgufType.F16 => (float)reader.ReadHalf(),
                    GgufType.BF16 => BFloat16.Widen(reader.ReadUInt16()),
                    _ => scale * reader.ReadSByte(),
                };
            }

            return values;
        }
    }
}
