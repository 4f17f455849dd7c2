using Attune.Core.Runs;
using Attune.Kernels;
using Attune.Models.Adapters;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Tests.Adapters;
using Attune.Models.Weights;
using Attune.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Weights;

public sealed class QuantizedBaseTests
{
    /// <summary>
    /// Where NF4's values come from (QLoRA, section 3 and appendix E): quantiles of a normal distribution from p = 0.9677083 to 1/2, eight
    /// steps above 0 and seven below, divided by the largest.
    /// </summary>
    [Fact]
    public void The_values_of_NF4_are_quantiles_of_a_normal_distribution()
    {
        const double outermost = 0.9677083;
        var above = Enumerable.Range(0, 8).Select(i => Quantile(outermost + (0.5 - outermost) * i / 8)).ToArray();
        var below = Enumerable.Range(0, 7).Select(i => -Quantile(outermost + (0.5 - outermost) * i / 7)).ToArray();
        double[] expected = [.. below.Append(0).Concat(above).Order().Select(v => v / above[0])];
        Assert.Equal(16, expected.Length);
        Assert.All(expected.Zip(QuantizedBlocks.NormalFloat.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Value_worked_out_by_hand()
    {
        // Largest magnitude 2: shares 1, -0.25, 0.1, 0. NF4's nearest: 1, -0.28444138, 0.07958030 (0.1609 is further), 0.
        var four = new QuantizedMatrix(BaseQuantization.Nf4, 1, 4);
        four.SetRows(0, [2, -0.5f, 0.2f, 0]);
        using var scope = NewDisposeScope();
        Assert.Equal([2f, -0.56888276f, 0.1591606f, 0], four.Dense().data<float>().ToArray(), Close);
        // Eight bits: -0.25 * 127 = -31.75 becomes -32, 12.7 becomes 13.
        var eight = new QuantizedMatrix(BaseQuantization.Int8, 1, 4);
        eight.SetRows(0, [2, -0.5f, 0.2f, 0]);
        Assert.Equal([2f, -64f / 127, 26f / 127, 0], eight.Dense().data<float>().ToArray(), Close);

        static bool Close(float a, float b) => Math.Abs(a - b) < 1e-6;
    }

    /// <summary>Of normally distributed weights, as those of trained models nearly are: the figures that docs/lora.md quotes.</summary>
    [Theory]
    [InlineData(BaseQuantization.Nf4, 0.085, 0.097, 4.5)]
    [InlineData(BaseQuantization.Int8, 0.0045, 0.0065, 8.5)]
    public void The_error_and_the_size_are_what_the_docs_say(BaseQuantization kind, double least, double most, double bits)
    {
        using var scope = NewDisposeScope();
        var exact = randn([256, 1024], generator: new Generator(1)) * 0.02;
        var matrix = new QuantizedMatrix(kind, 256, 1024);
        matrix.SetRows(0, exact.data<float>().ToArray());
        var error = ((matrix.Dense() - exact).square().mean().sqrt() / exact.square().mean().sqrt()).ToDouble();
        Assert.InRange(error, least, most);
        Assert.Equal(bits, 8.0 * matrix.Bytes / (256 * 1024));
        // What was quantised once is its own quantisation.
        var again = new QuantizedMatrix(kind, 256, 1024);
        again.SetRows(0, matrix.Dense().data<float>().ToArray());
        Assert.True((again.Dense() - matrix.Dense()).abs().max().ToDouble() < 1e-8);
    }

    [Theory]
    [InlineData("gpt2", BaseQuantization.Nf4, AdapterKind.Lora)]
    [InlineData("llama", BaseQuantization.Int8, AdapterKind.Lora)]
    [InlineData("llama", BaseQuantization.Nf4, AdapterKind.Dora)]
    public void An_adapter_on_it_equals_one_on_the_same_numbers_kept_dense(string family, BaseQuantization kind, AdapterKind adapter)
    {
        using var origin = TinyModels.Random(TinyModels.ByName(family) with { HiddenWidth = 96, KeyValueHeads = 6, Heads = 6 });
        using var quantized = origin.Quantize(kind);
        using var dense = quantized.Copy();
        Assert.True(quantized.Weights.Values.numel() < dense.Weights.Values.numel() / 2);
        Assert.NotEqual(dense.Weights.Sha256(), origin.Weights.Sha256());
        var config = new AdapterConfig
        {
            Kind = adapter,
            Rank = 4,
            Alpha = 6,
            Dropout = 0.2,
        };
        using var expected = AdapterTests.Noisy(dense, config);
        using var fused = AdapterTests.Noisy(quantized, config);
        using var stock = AdapterTests.Noisy(quantized, config);
        stock.Trunk.Fused = null;
        var (loss, gradients) = AdapterTests.Gradients(expected, packed: true);
        foreach (var model in new[] { fused, stock })
        {
            var (found, foundGradients) = AdapterTests.Gradients(model, packed: true);
            Assert.Equal(loss, found, 1e-5 * Math.Abs(loss));
            var (off, of) = AdapterTests.Distance(gradients, foundGradients, 0, gradients.Length);
            Assert.True(off <= 2e-5 * of, $"off by {off:g3} of {of:g3}");
        }

        using var engine = new DecodeEngine(fused, workers: 1);
        var tokens = TinyModels.Tokens(origin.Config, 15, 5);
        Assert.InRange(Differences.Largest(TinyModels.Logits(fused, tokens), engine.Logits(tokens)), 0, 1e-4);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("qwen2")]
    public void A_folder_is_quantised_as_it_is_read(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(TinyModels.ByName(family));
        ModelFiles.Save(model, folder.Path);
        using var afterwards = model.Quantize(BaseQuantization.Nf4);
        using var read = ModelFiles.LoadLanguageModel(folder.Path, Precision.F32, BaseQuantization.Nf4);
        Assert.Equal(afterwards.Sha256(), read.Sha256());
        Assert.NotEqual(model.Sha256(), read.Sha256());
        using var half = ModelFiles.LoadLanguageModel(folder.Path, Precision.Bf16, BaseQuantization.Nf4);
        using var adapted = half.Adapted(new AdapterConfig(), new Seed(1));
        Assert.Equal(ScalarType.BFloat16, adapted.Learner.Type);
        Assert.True(double.IsFinite(AdapterTests.Gradients(adapted, packed: false).Loss));
    }

    /// <summary>By halving; the distribution function by Simpson's rule.</summary>
    private static double Quantile(double p)
    {
        var (low, high) = (0.0, 4.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = Below(middle) < p ? (middle, high) : (low, middle);
        }

        return low;

        static double Below(double x)
        {
            const int steps = 400;
            var sum = 0.0;
            for (var i = 0; i <= steps; i++)
            {
                var t = x * i / steps;
                sum +=
                    (
                        i is 0 or steps ? 1
                        : i % 2 == 1 ? 4
                        : 2
                    ) * Math.Exp(-t * t / 2);
            }

            return 0.5 + sum * x / steps / 3 / Math.Sqrt(2 * Math.PI);
        }
    }
}
