using System.Buffers.Binary;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using Attune.Text.Tokenizers;

namespace Attune.Models.Tests.Gguf;

/// <summary>
/// What is exported comes back, and whatever is done to a file, one clear message and no more memory than the file's size.
/// </summary>
public sealed class GgufImportTests
{
    /// <summary>Of each type exactly what it holds; written once more, the same file to the byte.</summary>
    [Theory]
    [InlineData("gpt2", GgufType.F32)]
    [InlineData("llama", GgufType.F32)]
    [InlineData("qwen2", GgufType.F32)]
    [InlineData("gpt2", GgufType.F16)]
    [InlineData("llama", GgufType.F16)]
    [InlineData("gpt2", GgufType.BF16)]
    [InlineData("qwen2", GgufType.BF16)]
    public void A_model_comes_back_as_it_was(string family, GgufType type)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.ByName(family));
        GgufExport.Write(model, null, folder.File("m.gguf"), "tiny", type);
        using var again = GgufImport.Read(folder.File("m.gguf"), folder.File("out"));
        Assert.Equal(model.Config, again.Config);
        Assert.False(Directory.Exists(folder.File("out")));
        foreach (var (name, parameter) in model.NamedParameters)
        {
            var isExact = parameter.dim() == 1 || name == "positions";
            float[] expected = [.. parameter.data<float>().ToArray().Select(value => isExact ? value : Rounded(value, type))];
            Assert.Equal(expected, again.Weights[name].data<float>().ToArray());
        }

        GgufExport.Write(again, null, folder.File("n.gguf"), "tiny", type);
        Assert.Equal(File.ReadAllBytes(folder.File("m.gguf")), File.ReadAllBytes(folder.File("n.gguf")));
    }

    private static float Rounded(float value, GgufType type) =>
        type switch
        {
            GgufType.F16 => (float)(Half)value,
            GgufType.BF16 => BFloat16.Widen(BFloat16.Round(value)),
            _ => value,
        };

    [Fact]
    public void Mistral_comes_back_as_the_llama_that_it_is()
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.Llama with { Family = "mistral", SlidingWindow = 7, ContextLength = 64 });
        GgufExport.Write(model, null, folder.File("m.gguf"), "tiny", GgufType.F32);
        using var again = GgufImport.Read(folder.File("m.gguf"), folder.File("out"));
        Assert.Equal(model.Config with { Family = "llama", SlidingWindow = null, ContextLength = 7 }, again.Config);
        var tokens = TinyModels.Tokens(again.Config, 7, 3);
        Assert.Equal(TinyModels.Logits(model, tokens), TinyModels.Logits(again, tokens));
    }

    /// <summary>
    /// As others write them: llama.cpp puts a begin token before SentencePiece's texts and Llama 3's, before other byte-level ones not.
    /// </summary>
    [Theory]
    [InlineData("gpt-2", false)]
    [InlineData("qwen2", false)]
    [InlineData("llama-bpe", true)]
    public void A_file_that_says_nothing_of_the_begin_token_is_read_as_llama_cpp_reads_it(string words, bool begins)
    {
        using var folder = new TemporaryFolder();
        var tokenizer = BytePairTrainer.Train(["the cat sat"], 270, new SpecialTokens("<s>", "</s>", null));
        using var model = new LanguageModel(
            TransformerConfig.Gpt2(vocabularySize: 270, width: 8, layers: 1, heads: 2, contextLength: 8),
            new Seed(1)
        );
        GgufExport.Write(model, tokenizer, folder.File("m.gguf"), "tiny", GgufType.F32);
        using (var file = new GgufFile(folder.File("m.gguf")))
        {
            GgufWriter.Write(
                folder.File("n.gguf"),
                [
                    .. file
                        .Fields.Where(f => f.Key != "tokenizer.ggml.add_bos_token")
                        .Select(f => KeyValuePair.Create(f.Key, f.Key == "tokenizer.ggml.pre" ? words : f.Value)),
                ],
                [.. file.Entries.Select(e => new GgufTensor(e.Name, e.Shape, e.Type, () => file.Read(e)))]
            );
        }

        GgufImport.Read(folder.File("n.gguf"), folder.File("out")).Dispose();
        Assert.Equal(begins ? tokenizer.BeginToken : null, TokenizerFiles.Load(folder.File("out")).BeginToken);
    }

    [Fact]
    public void Quantised_numbers_come_back_within_half_a_step()
    {
        using var folder = new TemporaryFolder();
        using var model = new LanguageModel(
            TransformerConfig.Llama(40, width: 64, layers: 1, heads: 2, keyValueHeads: 1, hiddenWidth: 96, contextLength: 8),
            new Seed(1)
        );
        GgufExport.Write(model, null, folder.File("m.gguf"), "tiny", GgufType.Q8);
        using var again = GgufImport.Read(folder.File("m.gguf"), folder.Path);
        foreach (var (name, parameter) in model.NamedParameters)
        {
            var (before, after) = (parameter.data<float>().ToArray(), again.Weights[name].data<float>().ToArray());
            for (var i = 0; i < before.Length; i++)
            {
                var block = before.Skip(i / 32 * 32).Take(32).Max(Math.Abs);
                Assert.InRange(Math.Abs(before[i] - after[i]), 0, block * (0.5f / 127 + 1f / 1024));
            }
        }
    }

    [Fact]
    public void Byte_level_tokens_and_the_chat_template_come_back()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = BytePairTrainer.Train(
            ["the cat sat on the mat, and the film was good"],
            290,
            new SpecialTokens("<s>", "</s>", null) { Others = ["<|im_start|>"] }
        );
        using var model = new LanguageModel(
            TransformerConfig.Gpt2(vocabularySize: 300, width: 8, layers: 1, heads: 2, contextLength: 8),
            new Seed(1)
        );
        GgufExport.Write(model, tokenizer, folder.File("m.gguf"), "tiny", GgufType.F32, "{{ bos_token }}");
        GgufImport.Read(folder.File("m.gguf"), folder.File("out")).Dispose();
        var again = TokenizerFiles.Load(folder.File("out"));
        Assert.Equal((tokenizer.BeginToken, tokenizer.EndToken), (again.BeginToken, again.EndToken));
        Assert.Equal(tokenizer.FindSpecial("<|im_start|>"), again.FindSpecial("<|im_start|>"));
        foreach (var text in new[] { "the cat sat", "  don't\n\n42 é😀", "<|im_start|>" })
        {
            Assert.Equal(tokenizer.Encode(text), again.Encode(text));
            Assert.Equal(text, again.Decode(again.Encode(text).AsSpan()));
        }

        Assert.Equal("{{ bos_token }}", File.ReadAllText(Path.Combine(folder.File("out"), "chat_template.jinja")));
    }

    [Theory]
    [InlineData(true, 263)]
    [InlineData(false, 262)]
    public void Pieces_come_back(bool putsSpace, int first)
    {
        using var folder = new TemporaryFolder();
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
        var tokenizer = TokenizerFiles.FromPieces(pieces, 1, 2, "here", putsSpace);
        using var model = new LanguageModel(
            TransformerConfig.Llama(270, width: 8, layers: 1, heads: 2, keyValueHeads: 1, hiddenWidth: 12, contextLength: 8),
            new Seed(1)
        );
        GgufExport.Write(model, tokenizer, folder.File("m.gguf"), "tiny", GgufType.F32);
        GgufImport.Read(folder.File("m.gguf"), folder.File("out")).Dispose();
        var again = TokenizerFiles.Load(folder.File("out"));
        Assert.Equal([first], again.Encode("ab"));
        foreach (var text in new[] { "ab", "ba ab", "é" })
        {
            Assert.Equal(tokenizer.Encode(text), again.Encode(text));
        }

        Assert.Equal((1, 2), (again.BeginToken, again.EndToken));
    }

    [Theory]
    [InlineData("magic", "does not begin with 'GGUF'")]
    [InlineData("version", "of version 7; supported are versions 2 and 3")]
    [InlineData("tensors", "says that 18446744073709551615 tensors follow")]
    [InlineData("keys", "says that 1152921504606846976 keys follow")]
    [InlineData("text", "a key has 9223372036854775808 bytes at byte 32")]
    [InlineData("cut", "it is cut short")]
    [InlineData("type", "is of ggml's type NVFP4; supported are F32, F16, BF16")]
    [InlineData("dimensions", "has 9 dimensions; expected 1 to 4")]
    [InlineData("side", "has a side of 1099511627776")]
    [InlineData("misplaced", "which is no multiple of 32")]
    [InlineData("beyond", "which is beyond the end")]
    [InlineData("over", "overlap")]
    public void Each_kind_of_damage_is_named(string kind, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.gguf");
        GgufWriter.Write(path, [new("general.architecture", "gpt2")], [Tensor("first"), Tensor("second")]);
        var bytes = File.ReadAllBytes(path);
        var place = bytes.AsSpan().IndexOf("second"u8) + 6; // dimensions, two sides, type, offset
        switch (kind)
        {
            case "magic":
                bytes[0] = (byte)'X';
                break;
            case "version":
                bytes[4] = 7;
                break;
            case "tensors":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), ulong.MaxValue);
                break;
            case "keys":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), 1UL << 60);
                break;
            case "text":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), 1UL << 63);
                break;
            case "cut":
                bytes = bytes[..^8];
                break;
            case "type":
                bytes[place + 20] = 40;
                break;
            case "dimensions":
                bytes[place] = 9;
                break;
            case "side":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(place + 4), 1UL << 40);
                break;
            case "misplaced":
                bytes[place + 24] = 40;
                break;
            case "beyond":
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(place + 24), 1UL << 50);
                break;
            default:
                bytes[place + 24] = 0;
                break;
        }

        File.WriteAllBytes(path, bytes);
        var problem = Assert.Throws<ModelFileException>(() => new GgufFile(path));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.StartsWith(path, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.architecture", "bert", "general.architecture is 'bert'; supported are gpt2, llama")]
    [InlineData("gpt2.block_count", 3u, "'blk.2.attn_norm.weight' is missing")]
    [InlineData("gpt2.embedding_length", 4_000_000_000u, "gpt2.embedding_length is 4000000000; expected a whole number")]
    [InlineData("gpt2.context_length", 1_000_000u, "'position_embd.weight' is [8, 8], expected [1000000, 8]")]
    [InlineData("gpt2.attention.head_count", 3u, "Heads is 3")]
    public void A_header_that_lies_is_found_out_before_anything_is_made(string key, object value, string message)
    {
        using var folder = new TemporaryFolder();
        using var model = new LanguageModel(
            TransformerConfig.Gpt2(vocabularySize: 20, width: 8, layers: 2, heads: 2, contextLength: 8),
            new Seed(1)
        );
        GgufExport.Write(model, null, folder.File("m.gguf"), "tiny", GgufType.F32);
        using (var file = new GgufFile(folder.File("m.gguf")))
        {
            GgufWriter.Write(
                folder.File("lie.gguf"),
                [.. file.Fields.Select(f => KeyValuePair.Create(f.Key, f.Key == key ? value : f.Value))],
                [.. file.Entries.Select(e => new GgufTensor(e.Name, e.Shape, e.Type, () => file.Read(e)))]
            );
        }

        Assert.Contains(
            message,
            Assert.Throws<ModelFileException>(() => GgufImport.Read(folder.File("lie.gguf"), folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    private static GgufTensor Tensor(string name) => new(name, [2, 8], GgufType.F32, () => new float[16]);
}
