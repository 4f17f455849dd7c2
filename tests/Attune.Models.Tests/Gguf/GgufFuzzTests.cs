using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;

namespace Attune.Models.Tests.Gguf;

/// <summary>GGUF files cut, changed and made to harm: each is read, or refused in one message, in bounded memory and time.</summary>
public sealed class GgufFuzzTests
{
    private static readonly ulong[] Edges =
    [
        0,
        1,
        255,
        1 << 16,
        1 << 24,
        int.MaxValue,
        1UL << 31,
        uint.MaxValue,
        1UL << 32,
        (1UL << 61) + 1,
        long.MaxValue,
        1UL << 63,
        ulong.MaxValue - 7,
        ulong.MaxValue - 1,
        ulong.MaxValue,
    ];

    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        using var folder = new TemporaryFolder();
        var whole = Small(folder);
        for (var length = whole.Length - 1; length >= 0; length--)
        {
            var problem = Refused(folder, whole[..length]);
            Assert.True(problem is not null, $"cut to {length} of {whole.Length}");
        }
    }

    /// <summary>A count, a length, an offset, a side, a type: whatever stands anywhere becomes a number at an edge.</summary>
    [Fact]
    public void A_number_at_an_edge_at_any_byte_is_read_or_refused()
    {
        using var folder = new TemporaryFolder();
        var whole = Small(folder);
        var refused = 0;
        for (var at = 0; at < whole.Length - 8; at++)
        {
            foreach (var edge in Edges)
            {
                var bytes = (byte[])whole.Clone();
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), edge);
                refused += Refused(folder, bytes) is null ? 0 : 1;
            }
        }

        Assert.InRange(refused, whole.Length, whole.Length * Edges.Length - 1);
    }

    [Theory]
    [InlineData("GGML\u0003\0\0\0")]
    [InlineData("ggjt\u0003\0\0\0")]
    [InlineData("FUGG\0\0\0\u0003")]
    [InlineData("GGUF\0\0\0\u0003")]
    [InlineData("GGUF\u0001\0\0\0")]
    [InlineData("GGUF\u0004\0\0\0")]
    [InlineData("{\"a\": 1}")]
    public void Other_kinds_of_file_are_told_apart(string start)
    {
        using var folder = new TemporaryFolder();
        var bytes = Small(folder);
        Encoding.Latin1.GetBytes(start).CopyTo(bytes, 0);
        var problem = Refused(folder, bytes);
        Assert.Contains(
            start.StartsWith("GGUF", StringComparison.Ordinal) ? "versions 2 and 3, little-endian" : "does not begin with 'GGUF'",
            problem,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public void Nested_arrays_are_refused_whatever_their_depth(int depth)
    {
        using var folder = new TemporaryFolder();
        var nested = Enumerable.Range(0, depth).SelectMany(_ => Bytes(9u).Concat(Bytes(1UL)));
        byte[] bytes = [.. Start(keys: 1), .. Text("deep"), .. Bytes(9u), .. nested, .. Bytes(4u), .. Bytes(1UL), .. Bytes(7u)];
        Assert.Contains("the key 'deep' holds arrays of arrays", Refused(folder, bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public void Small_numbers_take_no_more_than_they_take_in_the_file(int type)
    {
        using var folder = new TemporaryFolder();
        const int count = 4_000_000;
        var path = folder.File("m.gguf");
        File.WriteAllBytes(
            path,
            [.. Start(keys: 1), .. Text("list"), .. Bytes(9u), .. Bytes((uint)type), .. Bytes((ulong)count), .. new byte[count]]
        );
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var file = new GgufFile(path);
        Assert.Equal(count, Assert.IsType<Array>(file.Fields["list"], exactMatch: false).Length);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, count, 3 * count);
    }

    /// <summary>A file of 24 GB that takes no room on disk: what it claims is there, and must not be made room for.</summary>
    [Theory]
    [InlineData("tensors", "600000000 tensors follow; expected at most 131072")]
    [InlineData("keys", "1500000000 keys follow; expected at most 65536")]
    [InlineData("text", "the text of 'k' has 2147483647 bytes")]
    [InlineData("name", "a key has 2147483647 bytes")]
    [InlineData("numbers", "3000000000 values of 'k' follow; expected at most 16777216")]
    [InlineData("texts", "2500000000 values of 'k' follow; expected at most 16777216")]
    [InlineData("tensor", "has 3000000000 numbers; expected at most 2147483591")]
    public void A_file_larger_than_memory_is_refused_before_room_is_made(string kind, string message)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "files have no holes here unless asked for");
        using var folder = new TemporaryFolder();
        var path = folder.File("m.gguf");
        byte[] bytes = kind switch
        {
            "tensors" => [.. "GGUF"u8, .. Bytes(3u), .. Bytes(600_000_000UL), .. Bytes(0UL)],
            "keys" => Start(keys: 1_500_000_000),
            "text" => [.. Start(keys: 1), .. Text("k"), .. Bytes(8u), .. Bytes((ulong)int.MaxValue)],
            "name" => [.. Start(keys: 1), .. Bytes((ulong)int.MaxValue)],
            "numbers" => [.. Start(keys: 1), .. Text("k"), .. Bytes(9u), .. Bytes(0u), .. Bytes(3_000_000_000UL)],
            "texts" => [.. Start(keys: 1), .. Text("k"), .. Bytes(9u), .. Bytes(8u), .. Bytes(2_500_000_000UL)],
            _ =>
            [
                .. "GGUF"u8,
                .. Bytes(3u),
                .. Bytes(1UL),
                .. Bytes(0UL),
                .. Text("t"),
                .. Bytes(1u),
                .. Bytes(3_000_000_000UL),
                .. Bytes(0u),
                .. Bytes(0UL),
            ],
        };
        File.WriteAllBytes(path, bytes);
        using (var hole = File.OpenWrite(path))
        {
            hole.SetLength(24L << 30);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var problem = Assert.Throws<ModelFileException>(() =>
        {
            using var file = new GgufFile(path);
            file.Read(file.Entries.First());
        });
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Theory]
    [InlineData("qwen3_moe", "qwen3moe.expert_count", 4_000_000_000u, "qwen3moe.expert_count is 4000000000; expected a whole number")]
    [InlineData("qwen3_moe", "qwen3moe.expert_count", 2_000_000_000u, "Experts.Count is 2000000000; expected 1 or more")]
    [InlineData("qwen3_moe", "qwen3moe.expert_count", 0u, "Experts.Count is 0")]
    [InlineData("qwen3_moe", "qwen3moe.expert_count", 4u, "'blk.0.ffn_gate_inp.weight' is [5, 8], expected [4, 8]")]
    [InlineData("qwen3_moe", "qwen3moe.expert_used_count", 6u, "Experts.Used is 6; expected 1 to the 5 that there are")]
    [InlineData("qwen3_moe", "qwen3moe.expert_feed_forward_length", 8u, "'blk.0.ffn_gate_exps.weight' is [5, 16, 8], expected [5, 8, 8]")]
    [InlineData("qwen3_moe", "qwen3moe.expert_shared_count", 1u, "it has experts that all tokens use")]
    [InlineData("qwen3_moe", "qwen3moe.expert_gating_func", 2u, "its experts are not chosen by a softmax")]
    [InlineData("mixtral", "llama.expert_weights_scale", 2.5f, "it scales the experts' shares")]
    [InlineData("gemma2", "gemma2.expert_count", 2u, "it is a mixture of experts")]
    public void A_key_of_experts_that_says_another_thing_is_named(string family, string key, object value, string message)
    {
        using var folder = new TemporaryFolder();
        using var model = new LanguageModel(Tiny(TinyModels.OfFamily(family)) with { WindowedLayers = null }, new Seed(1));
        GgufExport.Write(model, null, folder.File("m.gguf"), "tiny", GgufType.F32);
        Rewrite(folder.File("m.gguf"), folder.File("n.gguf"), key, value);
        var problem = Assert.Throws<ModelFileException>(() => GgufMatrices.Read(folder.File("n.gguf")));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tokenizer.ggml.tokens", new[] { "a" }, "'tokenizer.ggml.tokens' is missing or does not have 270 values")]
    [InlineData("tokenizer.ggml.tokens", "a", "'tokenizer.ggml.tokens' is missing or does not have 270 values")]
    [InlineData("tokenizer.ggml.scores", new float[] { }, "'tokenizer.ggml.scores' is missing or does not have 270 values")]
    [InlineData("tokenizer.ggml.token_type", 1u, "'tokenizer.ggml.token_type' is missing or does not have 270 values")]
    [InlineData("tokenizer.ggml.eos_token_id", 270u, "tokenizer.ggml.eos_token_id is 270; expected an id below 270")]
    [InlineData("tokenizer.ggml.bos_token_id", uint.MaxValue, "tokenizer.ggml.bos_token_id is 4294967295")]
    [InlineData("tokenizer.ggml.model", "rwkv", "tokenizer.ggml.model is 'rwkv'; supported are gpt2 (byte-level pairs) and llama")]
    [InlineData("general.type", "adapter", "general.type is 'adapter', not 'model'")]
    [InlineData("llama.rope.scaling.type", "longrope", "rope.scaling.type is 'longrope'; supported are none, linear and yarn")]
    [InlineData("llama.rope.scaling.factor", true, "llama.rope.scaling.factor is True; expected a number")]
    [InlineData("llama.attention.value_length", 8u, "llama.attention.value_length is not that of a key, 4")]
    [InlineData("llama.attention.temperature_scale", 0.1f, "it scales queries by their place")]
    [InlineData("llama.expert_count", 8u, "the key 'llama.expert_used_count' is missing")]
    [InlineData("llama.attention.causal", false, "its attention looks ahead")]
    [InlineData("llama.block_count", 4_000_000u, "Layers is 4000000; expected 1 to 4096")]
    [InlineData("llama.attention.head_count", 0u, "Heads is 0")]
    [InlineData("llama.attention.head_count_kv", 3u, "KeyValueHeads is 3")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", float.NaN, "NormEpsilon is NaN")]
    [InlineData("llama.rope.dimension_count", 2u, "llama.rope.dimension_count is 2, not the heads' width of 4")]
    public void A_key_that_says_another_thing_is_named(string key, object value, string message)
    {
        using var folder = new TemporaryFolder();
        Llama(folder.File("m.gguf"));
        Rewrite(folder.File("m.gguf"), folder.File("n.gguf"), key, value);
        var problem = Assert.Throws<ModelFileException>(() => GgufImport.Read(folder.File("n.gguf"), folder.File("out")).Dispose());
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    /// <summary>Whole models, tokenizers included, with bytes of their headers changed: a model, or a message.</summary>
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("mixtral")]
    [InlineData("qwen3_moe")]
    public void A_model_whose_header_is_changed_by_chance_is_read_or_refused(string family)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.gguf");
        if (family == "llama")
        {
            Llama(path);
        }
        else
        {
            using var model = new LanguageModel(family == "gpt2" ? Tiny(TinyModels.Gpt2) : Tiny(TinyModels.OfFamily(family)), new Seed(1));
            GgufExport.Write(
                model,
                BytePairTrainer.Train(["the cat sat"], 270, new SpecialTokens("<s>", "</s>", null)),
                path,
                "tiny",
                GgufType.F32,
                "{{ x }}"
            );
        }

        var whole = File.ReadAllBytes(path);
        var header = whole.AsSpan().LastIndexOf("output_norm"u8) + 40;
        var refused = 0;
        for (var round = 0; round < 400; round++)
        {
            var rng = new Seed(23).For(family, round).Rng();
            var bytes = (byte[])whole.Clone();
            for (var change = round % 3; change >= 0; change--)
            {
                bytes[rng.NextInt(header)] = (byte)rng.NextInt(256);
            }

            refused += Refused(folder, bytes, p => GgufImport.Read(p, folder.File($"out-{round}")).Dispose(), mostBytes: 32 << 20) is null
                ? 0
                : 1;
        }

        Assert.InRange(refused, 100, 399);
    }

    /// <summary>The message, which begins with the file's name; null where the file was read.</summary>
    private static string? Refused(TemporaryFolder folder, byte[] bytes, Action<string>? read = null, long mostBytes = 1 << 19)
    {
        var path = folder.File("m.gguf");
        File.WriteAllBytes(path, bytes);
        var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
        string? message = null;
        try
        {
            (read ?? (p => new GgufFile(p).Dispose()))(path);
        }
        catch (ModelFileException problem)
        {
            message = problem.Message;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mostBytes);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
        Assert.True(
            message is null || message.Length is > 10 and < 2000 && message.Contains(folder.Path, StringComparison.Ordinal),
            message
        );
        return message;
    }

    /// <summary>
    /// A valid file of a few hundred bytes with keys of every kind and tensors of three types; the last fills its 32 bytes.
    /// </summary>
    private static byte[] Small(TemporaryFolder folder)
    {
        GgufWriter.Write(
            folder.File("m.gguf"),
            [
                new("a.text", "words"),
                new("b.flag", true),
                new("c.real", 1.5f),
                new("d.texts", new[] { "x", "", "é" }),
                new("e.reals", new[] { 0.5f }),
                new("f.numbers", new[] { 1, -1 }),
                new("g", 7u),
            ],
            [
                new("t.f16", [5], GgufType.F16, () => new float[5]),
                new("t.q8", [1, 32], GgufType.Q8, () => new float[32]),
                new("t.f32", [2, 4], GgufType.F32, () => new float[8]),
            ]
        );
        return File.ReadAllBytes(folder.File("m.gguf"));
    }

    private static TransformerConfig Tiny(TransformerConfig config) =>
        config with
        {
            VocabularySize = 270,
            Width = 8,
            Layers = 1,
            Heads = 2,
            KeyValueHeads = 2,
            OwnHeadWidth = null,
            ContextLength = 8,
            HiddenWidth = 16,
            Experts = config.Experts is null ? null : config.Experts with { HiddenWidth = 16 },
        };

    private static void Llama(string path)
    {
        (string, float, int)[] pieces =
        [
            ("<unk>", 0, 2),
            ("<s>", 0, 3),
            ("</s>", 0, 3),
            .. Enumerable.Range(0, 256).Select(b => ($"<0x{b:X2}>", 0f, 6)),
            ("\u2581", -1, 1),
            ("a", -2, 1),
            ("b", -3, 1),
            ("ab", -4, 1),
            ("\u2581ab", -5, 1),
        ];
        using var model = new LanguageModel(
            TransformerConfig.Llama(270, width: 8, layers: 1, heads: 2, keyValueHeads: 1, hiddenWidth: 12, contextLength: 8),
            new Seed(1)
        );
        GgufExport.Write(model, TokenizerFiles.FromPieces(pieces, 1, 2, "here"), path, "tiny", GgufType.F32);
    }

    private static void Rewrite(string from, string to, string key, object value)
    {
        using var file = new GgufFile(from);
        GgufWriter.Write(
            to,
            [.. file.Fields.Where(f => f.Key != key), new(key, value)],
            [.. file.Entries.Select(e => new GgufTensor(e.Name, e.Shape, e.Type, () => file.Read(e)))]
        );
    }

    private static byte[] Start(ulong keys) => [.. "GGUF"u8, .. Bytes(3u), .. Bytes(0UL), .. Bytes(keys)];

    private static byte[] Text(string text) => [.. Bytes((ulong)text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Bytes(ulong number) => BitConverter.GetBytes(number);

    private static byte[] Bytes(uint number) => BitConverter.GetBytes(number);
}
