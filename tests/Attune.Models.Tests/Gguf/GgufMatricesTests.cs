using Attune.Core;
using Attune.Models.Adapters;
using Attune.Models.Configuration;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Models.Tests.Adapters;
using Attune.Models.Weights;
using Attune.Testing;
using Attune.Text.Gguf;

namespace Attune.Models.Tests.Gguf;

/// <summary>A GGUF file's blocks as a decoder's weights and as the frozen base of an adapter.</summary>
public sealed class GgufMatricesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The decoder computes what it computes in 32 bits with the numbers that the file holds.</summary>
    [Theory]
    [InlineData("gpt2", GgufType.Q40)]
    [InlineData("llama", GgufType.Q40)]
    [InlineData("llama", GgufType.Q41)]
    [InlineData("qwen2", GgufType.Q41)]
    [InlineData("llama", GgufType.Q8)]
    public void Decoding_from_a_files_blocks_has_the_bits_of_the_file(string family, GgufType type)
    {
        var file = Exported(family, type);
        Assert.Null(GgufMatrices.Note(file));
        using var model = ModelFiles.LoadLanguageModel(file);
        using var exact = new DecodeEngine(model);
        using var engine = new DecodeEngine(model, type: Kernels.KernelType.Q8, blocks: GgufMatrices.Read(file));
        var tokens = TinyModels.Tokens(model.Config, 40, 3);
        Assert.Equal(exact.Logits(tokens), engine.Logits(tokens));
    }

    [Fact]
    public void What_the_kernel_has_no_type_for_is_kept_in_8_bits_and_said()
    {
        var file = Exported("llama", GgufType.F16);
        var note = GgufMatrices.Note(file);
        Assert.Contains("14 of 14 matrices are in F16", note, StringComparison.Ordinal);
        using var model = ModelFiles.LoadLanguageModel(file);
        using var eight = new DecodeEngine(model, type: Kernels.KernelType.Q8);
        using var engine = new DecodeEngine(model, type: Kernels.KernelType.Q8, blocks: GgufMatrices.Read(file));
        var tokens = TinyModels.Tokens(model.Config, 40, 3);
        Assert.Equal(eight.Logits(tokens), engine.Logits(tokens));
    }

    [Theory]
    [InlineData("llama", GgufType.Q40, AdapterKind.Lora)]
    [InlineData("qwen2", GgufType.Q41, AdapterKind.Dora)]
    [InlineData("mixtral", GgufType.Q40, AdapterKind.Lora)]
    [InlineData("qwen3_moe", GgufType.Q8, AdapterKind.Lora)]
    public void An_adapter_on_the_files_blocks_equals_one_on_their_numbers(string family, GgufType type, AdapterKind kind)
    {
        var file = Exported(family, type);
        using var dense = ModelFiles.LoadLanguageModel(file);
        using var kept = ModelFiles.LoadLanguageModel(file, Precision.F32, BaseQuantization.File);
        Assert.True(kept.Weights.Values.numel() < dense.Weights.Values.numel() / 2);
        using var copy = kept.Copy();
        Assert.Equal(dense.Weights.Sha256(), copy.Weights.Sha256());
        var config = new AdapterConfig
        {
            Kind = kind,
            Rank = 4,
            Alpha = 6,
            Dropout = 0.2,
        };
        using var expected = AdapterTests.Noisy(dense, config);
        using var fused = AdapterTests.Noisy(kept, config);
        using var stock = AdapterTests.Noisy(kept, config);
        stock.Trunk.Fused = null;
        var (loss, gradients) = AdapterTests.Gradients(expected, packed: true);
        foreach (var model in new[] { fused, stock })
        {
            var (found, foundGradients) = AdapterTests.Gradients(model, packed: true);
            Assert.Equal(loss, found, 1e-5 * Math.Abs(loss));
            var (off, of) = AdapterTests.Distance(gradients, foundGradients, 0, gradients.Length);
            Assert.True(off <= 2e-5 * of, $"off by {off:g3} of {of:g3}");
        }
    }

    [Fact]
    public void The_hash_of_such_a_base_tells_its_blocks_apart()
    {
        string HashOf(GgufType type)
        {
            using var model = ModelFiles.LoadLanguageModel(Exported("llama", type), Precision.F32, BaseQuantization.File);
            return model.Sha256();
        }

        Assert.Equal(HashOf(GgufType.Q40), HashOf(GgufType.Q40));
        Assert.NotEqual(HashOf(GgufType.Q40), HashOf(GgufType.Q41));
    }

    [Fact]
    public void A_folder_has_no_blocks()
    {
        using var model = TinyModels.Random(Shape("llama"));
        ModelFiles.Save(model, _folder.File("model"));
        var problem = Assert.Throws<ModelFileException>(() =>
            ModelFiles.LoadLanguageModel(_folder.File("model"), Precision.F32, BaseQuantization.File)
        );
        Assert.Contains("not a GGUF file", problem.Message, StringComparison.Ordinal);
        Assert.Contains("lora.base: int8 or nf4", problem.Message, StringComparison.Ordinal);
    }

    private string Exported(string family, GgufType type)
    {
        var file = _folder.File($"{family}-{type}.gguf");
        if (!File.Exists(file))
        {
            using var model = TinyModels.Random(Shape(family));
            GgufExport.Write(model, null, file, "tiny", type);
        }

        return file;
    }

    /// <summary>Sides that blocks of 32 fit, heads whose keys are shared.</summary>
    private static TransformerConfig Shape(string family)
    {
        if (family == "gpt2")
        {
            return TransformerConfig.Gpt2(vocabularySize: 83, width: 64, layers: 3, heads: 4, contextLength: 64);
        }

        var config = family is "llama" or "qwen2" ? TinyModels.ByName(family) : TinyModels.OfFamily(family);
        return config with
        {
            Width = 64,
            HiddenWidth = 96,
            Heads = 4,
            KeyValueHeads = 2,
            Experts = config.Experts is { } experts ? experts with { HiddenWidth = 96 } : null,
        };
    }
}
