using Attune.Core;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Kernels;
using Attune.Models.Adapters;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Decoding;

/// <summary>Decoding with weights in blocks of 8 and 4 bits.</summary>
public sealed class QuantizedDecodingTests
{
    /// <summary>
    /// Only weights are rounded: the engine computes what it computes in 32 bits with the weights that the blocks stand for.
    /// </summary>
    [Theory]
    [InlineData("gpt2", KernelType.Q8)]
    [InlineData("llama", KernelType.Q8)]
    [InlineData("gpt2", KernelType.Q4)]
    [InlineData("llama", KernelType.Q4)]
    [InlineData("qwen2", KernelType.Q4)]
    public void Logits_have_the_bits_of_the_model_with_the_decoded_weights(string family, KernelType type)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model, type: type);
        foreach (var name in Matrices(model))
        {
            Set(model, name, Blocks(model, name, name is "tokens" or "head" || type == KernelType.Q8 ? BlockType.Q80 : BlockType.Q41));
        }

        using var exact = new DecodeEngine(model);
        var tokens = TinyModels.Tokens(config, 64, 3);
        Assert.Equal(exact.Logits(tokens), engine.Logits(tokens));
        Assert.Equal(exact.LogProbs([.. tokens]), engine.LogProbs([.. tokens]));
        using var scoring = new ScoringEngine(model, type: type);
        using var exactScoring = new ScoringEngine(model);
        TokenSequence[] texts = [new([.. tokens], 5), new([.. tokens[..20]], 1)];
        Assert.Equal(exactScoring.LogProbs(texts), scoring.LogProbs(texts));
    }

    /// <summary>A weight is off by 0.2 % of its block's largest, and a model of random weights makes ten times that of it.</summary>
    [Fact]
    public void Logits_in_8_bits_are_near_those_of_the_model_itself()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var exact = new DecodeEngine(model);
        using var engine = new DecodeEngine(model, type: KernelType.Q8);
        var tokens = TinyModels.Tokens(config, 64, 3);
        var (expected, actual) = (exact.Logits(tokens), engine.Logits(tokens));
        var spread = Math.Sqrt(expected.Average(l => (double)l * l));
        Assert.InRange(Math.Sqrt(expected.Zip(actual, (e, a) => Math.Pow(e - a, 2)).Average()) / spread, 1e-5, 0.06);
    }

    [Fact]
    public void Blocks_that_a_model_came_with_are_taken_as_they_are()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        var blocks = Matrices(model)
            .ToDictionary(name => name, name => Blocks(model, name, name is "tokens" or "head" ? BlockType.Q80 : BlockType.Q40));
        using var engine = new DecodeEngine(config, type: KernelType.Q4);
        engine.Load(model, new ModelBlocks(blocks));
        foreach (var (name, matrix) in blocks)
        {
            Set(model, name, matrix);
        }

        using var exact = new DecodeEngine(model);
        var tokens = TinyModels.Tokens(config, 40, 3);
        Assert.Equal(exact.Logits(tokens), engine.Logits(tokens));
    }

    [Fact]
    public void A_matrix_that_an_adapter_changes_is_quantised_with_it()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        var blocks = Matrices(model).ToDictionary(name => name, name => Blocks(model, name, BlockType.Q80));
        using var adapted = model.Adapted(new AdapterConfig { Rank = 2 }, new Seed(2));
        using (no_grad())
        {
            foreach (var (_, parameter) in adapted.Adapter!.Weights.Named)
            {
                parameter.add_(0.3);
            }
        }

        using var expected = new DecodeEngine(config, type: KernelType.Q8);
        expected.Load(adapted);
        using var engine = new DecodeEngine(config, type: KernelType.Q8);
        engine.Load(adapted, new ModelBlocks(blocks));
        var tokens = TinyModels.Tokens(config, 20, 3);
        Assert.Equal(expected.Logits(tokens), engine.Logits(tokens));
        using var plain = new DecodeEngine(model, type: KernelType.Q8);
        Assert.NotEqual(plain.Logits(tokens), engine.Logits(tokens));
    }

    [Fact]
    public void Weights_that_are_not_numbers_are_refused()
    {
        using var model = TinyModels.Random(TinyModels.Gpt2);
        using (no_grad())
        {
            model.Weights["layers.1.up.weight"][3, 2] = float.NaN;
        }

        var problem = Assert.Throws<AttuneException>(() => new DecodeEngine(model, type: KernelType.Q4).Dispose());
        Assert.Contains("not all finite", problem.Message, StringComparison.Ordinal);
    }

    private static string[] Matrices(LanguageModel model) =>
        model
            .Weights.Slots.Select(s => s.Name)
            .Where(n => n is "tokens" or "head" || (n.EndsWith(".weight", StringComparison.Ordinal) && model.Weights[n].dim() == 2))
            .ToArray();

    private static BlockMatrix Blocks(LanguageModel model, string name, BlockType type)
    {
        using var plain = model.Weights[name].detach().clone();
        return BlockMatrix.Of(type, (int)plain.shape[0], (int)plain.shape[1], plain.data<float>().ToArray());
    }

    private static void Set(LanguageModel model, string name, BlockMatrix blocks)
    {
        using var quiet = no_grad();
        using var values = tensor(blocks.ToArray()).reshape(blocks.Rows, blocks.Inputs);
        model.Weights[name].copy_(values);
    }
}
