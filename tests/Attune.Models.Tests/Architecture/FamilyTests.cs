using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

/// <summary>
/// Tiny models of every family against logits made outside this code, in float64: Golden/families.py, which knows the papers and
/// config.json alone. Their weights are exact in all three types that files may have, so all give the same logits.
/// </summary>
public sealed class FamilyTests
{
    internal static readonly JsonElement Golden = ReadGolden();

    public static TheoryData<string> Names =>
        [.. Golden.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Trainer_and_engine_give_the_references_logits(string name)
    {
        using var folder = new TemporaryFolder();
        var golden = Write(name, folder, WeightType.F32, shards: 1);
        using var model = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.InRange(golden.Furthest(TinyModels.Logits(model, golden.Tokens)), 0, 1e-4);

        using var engine = new DecodeEngine(model, workers: 2);
        Assert.InRange(golden.Furthest(engine.Logits(golden.Tokens)), 0, 1e-4);
        Assert.InRange(golden.Furthest(StepByStep(model, golden.Tokens)), 0, 1e-4);

        model.Trunk.Fused = null;
        Assert.InRange(golden.Furthest(TinyModels.Logits(model, golden.Tokens)), 0, 1e-4);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void In_bfloat16_they_stay_near_it(string name)
    {
        using var folder = new TemporaryFolder();
        var golden = Write(name, folder, WeightType.BF16, shards: 1);
        using var model = ModelFiles.LoadLanguageModel(folder.Path, Precision.Bf16);
        using var engine = new DecodeEngine(model, workers: 1, type: KernelType.BF16);
        // The logits reach from -4 to 4 and have been rounded to 8 bits in some twenty places.
        Assert.InRange(golden.Furthest(TinyModels.Logits(model, golden.Tokens)), 0, 0.08);
        Assert.InRange(golden.Furthest(engine.Logits(golden.Tokens)), 0, 0.08);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama 3")]
    [InlineData("gemma")]
    public void Files_of_every_type_whole_and_in_shards_give_the_same_weights_and_survive_being_written(string name)
    {
        using var exact = new TemporaryFolder();
        Write(name, exact, WeightType.F32, shards: 1);
        using var expected = ModelFiles.LoadLanguageModel(exact.Path);
        foreach (var (type, shards) in new[] { (WeightType.F16, 1), (WeightType.BF16, 3), (WeightType.F16, 2), (WeightType.F32, 2) })
        {
            using var folder = new TemporaryFolder();
            using var again = new TemporaryFolder();
            Write(name, folder, type, shards);
            using var model = ModelFiles.LoadLanguageModel(folder.Path);
            Assert.Equal(expected.Weights.Sha256(), model.Weights.Sha256());
            ModelFiles.Save(model, again.Path);
            using var reread = ModelFiles.LoadLanguageModel(again.Path);
            Assert.Equal(model.Config, reread.Config);
            Assert.Equal(expected.Weights.Sha256(), reread.Weights.Sha256());
        }
    }

    /// <summary>What has been read is kept: token by token, as sampling does, and by the decoder for GPUs.</summary>
    private static float[] StepByStep(LanguageModel model, int[] tokens)
    {
        using var quiet = no_grad();
        using var pass = new CachedForward(model, 1, tokens.Length);
        var vocabulary = model.Config.VocabularySize;
        var logits = new float[tokens.Length * vocabulary];
        for (var i = 0; i < tokens.Length; i++)
        {
            using var scope = NewDisposeScope();
            using var given = i == 0 ? pass.Prefill([0], [ImmutableArray.Create(tokens[0])]) : pass.Decode([tokens[i]], [i]);
            given.data<float>().ToArray().CopyTo(logits, i * vocabulary);
        }

        return logits;
    }

    internal sealed record Reference(int[] Tokens, int[] Rows, double[][] Logits)
    {
        internal double Furthest(float[] logits) =>
            Rows.Select((row, i) => Logits[i].Select((value, j) => Math.Abs(value - logits[row * Logits[i].Length + j])).Max()).Max();
    }

    private static JsonElement ReadGolden()
    {
        using var stream = typeof(FamilyTests).Assembly.GetManifestResourceStream("families.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    internal static Reference Write(string name, TemporaryFolder folder, WeightType type, int shards)
    {
        var golden = Golden.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        folder.WriteText("config.json", golden.GetProperty("config").GetRawText());
        var isGemma = golden.GetProperty("config").GetProperty("model_type").GetString() == "gemma";
        var tensors = golden
            .GetProperty("tensors")
            .EnumerateObject()
            .Select(t => (t.Name, Shape: t.Value.EnumerateArray().Select(n => n.GetInt64()).ToArray()))
            .ToArray();
        var map = new Dictionary<string, string>();
        for (var shard = 0; shard < shards; shard++)
        {
            var file = shards == 1 ? "model.safetensors" : $"model-{shard + 1:00000}-of-{shards:00000}.safetensors";
            var own = tensors.Where((_, i) => i % shards == shard).ToArray();
            WriteFile(folder.File(file), [.. own.Select(t => (t.Name, t.Shape, Values(t.Name, t.Shape, isGemma)))], type);
            Array.ForEach(own, t => map.Add(t.Name, file));
        }

        if (shards > 1)
        {
            folder.WriteText("model.safetensors.index.json", JsonSerializer.Serialize(new { weight_map = map }));
        }

        return ReferenceOf(golden);
    }

    internal static Reference ReferenceOf(JsonElement golden) =>
        new(
            [.. Golden.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())],
            [.. golden.GetProperty("rows").EnumerateArray().Select(t => t.GetInt32())],
            golden.GetProperty("logits").Rows()
        );

    /// <summary>The rule of Golden/families.py.</summary>
    internal static float[] Values(string name, long[] shape, bool normsLessOne)
    {
        var hash = name.Aggregate(2166136261, (h, c) => unchecked((h ^ c) * 16777619));
        var one =
            !normsLessOne
            && name.EndsWith("weight", StringComparison.Ordinal)
            && !name.Contains("lora", StringComparison.Ordinal)
            && (name.Contains("norm", StringComparison.Ordinal) || name.Contains("ln_", StringComparison.Ordinal));
        return
        [
            .. Enumerable
                .Range(0, (int)shape.Aggregate(1L, (a, b) => a * b))
                .Select(i => Number(unchecked((uint)i * 2654435761 + hash)) + (one ? 1 : 0)),
        ];

        static float Number(uint x)
        {
            x ^= x >> 15;
            x = unchecked(x * 2246822519);
            x ^= x >> 13;
            return ((int)(x % 64) - 32) / 128f;
        }
    }

    /// <summary>The product's writer writes no F16.</summary>
    private static void WriteFile(string path, (string Name, long[] Shape, float[] Values)[] tensors, WeightType type)
    {
        var bytes = tensors
            .Select(t =>
                t.Values.SelectMany(v =>
                        type switch
                        {
                            WeightType.F32 => BitConverter.GetBytes(v),
                            WeightType.F16 => BitConverter.GetBytes((Half)v),
                            _ => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)),
                        }
                    )
                    .ToArray()
            )
            .ToArray();
        var header = new Dictionary<string, object>();
        var next = 0L;
        for (var i = 0; i < tensors.Length; i++)
        {
            header.Add(
                tensors[i].Name,
                new
                {
                    dtype = type.ToString(),
                    shape = tensors[i].Shape,
                    data_offsets = new[] { next, next + bytes[i].Length },
                }
            );
            next += bytes[i].Length;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, json.Length);
        File.WriteAllBytes(path, [.. prefix, .. json, .. bytes.SelectMany(b => b)]);
    }
}
