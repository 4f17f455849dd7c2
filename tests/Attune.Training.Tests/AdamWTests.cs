using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Testing.Training;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Training.Tests;

public sealed class AdamWTests : IDisposable
{
    // What no scope owns lives until a finalizer comes by, in the middle of another test that counts tensors.
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    // 300 * 301 is more than one block of the flat step, and not a multiple of any vector's width.
    private static readonly ParameterSlot[] Slots =
    [
        new("small.weight", 0, [5, 7]),
        new("small.bias", 64, [7]),
        new("large.weight", 96, [300, 301]),
        new("large.bias", 96 + 90_304, [301]),
    ];

    [Fact]
    public void Steps_equal_those_of_TorchSharps_own_AdamW()
    {
        using var scope = NewDisposeScope();
        var options = new OptimiserOptions
        {
            Beta1 = 0.8,
            Beta2 = 0.95,
            Epsilon = 1e-6,
            WeightDecay = 0.1,
        };
        using var weights = Weights(seed: 1);
        using var adam = new AdamW([weights], options);
        TorchSharp.Modules.Parameter[] peers = [.. Slots.Select(s => new TorchSharp.Modules.Parameter(weights[s.Name].detach().clone()))];
        var decayed = optim.AdamW([peers[0], peers[2]], lr: 0, beta1: 0.8, beta2: 0.95, eps: 1e-6, weight_decay: 0.1);
        var plain = optim.AdamW([peers[1], peers[3]], lr: 0, beta1: 0.8, beta2: 0.95, eps: 1e-6, weight_decay: 0);
        for (var step = 1; step <= 5; step++)
        {
            var rate = 0.01 / step;
            foreach (var optimiser in new[] { decayed, plain })
            {
                foreach (var group in optimiser.ParamGroups)
                {
                    group.LearningRate = rate;
                }
            }

            for (var i = 0; i < Slots.Length; i++)
            {
                var gradient = Noise(Slots[i], (ulong)(100 * step + i));
                weights[Slots[i].Name].grad!.copy_(gradient);
                peers[i].grad = gradient.clone();
            }

            adam.Step(step, rate);
            decayed.step();
            plain.step();
            for (var i = 0; i < Slots.Length; i++)
            {
                using var quiet = no_grad();
                var difference = (weights[Slots[i].Name] - peers[i]).abs().max().item<float>();
                Assert.True(difference < 2e-6, $"step {step}, {Slots[i].Name}: largest difference {difference:g3}");
            }
        }
    }

    [Theory]
    [InlineData(AdamStyle.Torch, 1e-3, 0.0990099)]
    [InlineData(AdamStyle.TensorFlow, 1e-3, 0.0759748)]
    [InlineData(AdamStyle.Torch, 1e-6, 0.00909091)]
    [InlineData(AdamStyle.TensorFlow, 1e-6, 0.000315231)]
    public void The_first_step_equals_the_value_worked_out_by_hand(AdamStyle style, double gradient, double expected)
    {
        // rate .1, epsilon 1e-5, beta .9 and .999; m = .1 g, v = .001 g^2.
        // Torch: m / .1 = g and sqrt(v / .001) = g, so the step is .1 g / (g + 1e-5): at g = 1e-3, .1 / 1.01.
        // TensorFlow: .1 * sqrt(.001) / .1 * .1 g / (sqrt(.001) g + 1e-5): at g = 1e-3, 3.16228e-6 / 4.16228e-5.
        using var weights = new FlatParameters([new ParameterSlot("w", 0, [1, 1])]);
        using var adam = new AdamW([weights], new OptimiserOptions { Epsilon = 1e-5, Style = style });
        Fill(weights["w"].grad!, gradient);
        adam.Step(1, 0.1);
        Assert.Equal(-expected, weights["w"].item<float>(), expected * 1e-5);
    }

    [Fact]
    public void The_second_step_in_TensorFlows_style_equals_the_value_worked_out_by_hand()
    {
        // g = .002 then -.001; beta .9, .999; epsilon 1e-5; rate .1.
        // step 1: m = .0002, v = 4e-9, step = .0316228 * .0002 / (6.32456e-5 + 1e-5) = 6.32456e-6 / 7.32456e-5 = .0863473
        // step 2: m = .9 * .0002 - .1 * .001 = .00008, v = .999 * 4e-9 + .001 * 1e-6 = 4.996e-9, root 7.06824e-5;
        //         rate .1 * sqrt(1 - .999^2) / (1 - .9^2) = .1 * .0447102 / .19 = .0235317; step = .0235317 * .00008 / 8.06824e-5 =
        // .0233327
        using var weights = new FlatParameters([new ParameterSlot("w", 0, [1, 1])]);
        using var adam = new AdamW([weights], new OptimiserOptions { Epsilon = 1e-5, Style = AdamStyle.TensorFlow });
        Fill(weights["w"].grad!, 0.002);
        adam.Step(1, 0.1);
        Assert.Equal(-0.0863473, weights["w"].item<float>(), 1e-6);
        Fill(weights["w"].grad!, -0.001);
        adam.Step(2, 0.1);
        Assert.Equal(-0.0863473 - 0.0233327, weights["w"].item<float>(), 1e-6);
    }

    [Theory]
    [InlineData(AdamStyle.Torch)]
    [InlineData(AdamStyle.TensorFlow)]
    public void Steps_with_tensors_equal_the_flat_steps(AdamStyle style)
    {
        using var scope = NewDisposeScope();
        var options = new OptimiserOptions
        {
            WeightDecay = 0.05,
            Style = style,
            Epsilon = 1e-5,
        };
        using var flat = Weights(seed: 2);
        using var tensors = Weights(seed: 2);
        using var flatAdam = new AdamW([flat], options);
        using var tensorAdam = new AdamW([tensors], options);
        for (var step = 1; step <= 3; step++)
        {
            foreach (var slot in Slots)
            {
                var gradient = Noise(slot, (ulong)(10 * step + slot.Offset));
                flat[slot.Name].grad!.copy_(gradient);
                tensors[slot.Name].grad!.copy_(gradient);
            }

            flatAdam.Step(step, 0.01);
            AdamW.TensorStep(tensorAdam.Parts[0], tensorAdam.Numbers(step, 0.01, clip: 1));
            using var quiet = no_grad();
            Assert.True((flat.Values - tensors.Values).abs().max().item<float>() < 1e-6);
            Assert.Equal(0, tensorAdam.Parts[0].Gradients.abs().max().item<float>());
        }
    }

    [Fact]
    public void In_bfloat16_the_master_steps_as_float32_does_and_the_weights_are_its_rounding()
    {
        using var scope = NewDisposeScope();
        var options = new OptimiserOptions { WeightDecay = 0.1, MaxGradientNorm = 1 };
        using var half = new FlatParameters([.. Slots], ScalarType.BFloat16);
        using var full = new FlatParameters([.. Slots]);
        using var halfAdam = new AdamW([half], options);
        using var fullAdam = new AdamW([full], options);
        full.CopyFrom(half);
        for (var step = 1; step <= 4; step++)
        {
            for (var i = 0; i < Slots.Length; i++)
            {
                half[Slots[i].Name].grad!.copy_(Noise(Slots[i], (ulong)(100 * step + i)));
                full[Slots[i].Name].grad!.copy_(half[Slots[i].Name].grad!);
            }

            // The gradient is the same, to the last bit; so are the norm, the moments and the master.
            Assert.Equal(fullAdam.Step(step, 0.01), halfAdam.Step(step, 0.01));
            Assert.Equal(TinyModels.Values(full.Values), TinyModels.Values(half.Master!));
            Assert.Equal(TinyModels.Values(half.Master!.to(ScalarType.BFloat16)), TinyModels.Values(half.Values));
            Assert.All(TinyModels.Values(half.Gradients!), g => Assert.Equal(0, g));
        }
    }

    [Fact]
    public void Bfloat16_gradients_of_many_microbatches_add_up()
    {
        using var weights = new FlatParameters([new ParameterSlot("w", 0, [1, 40])], ScalarType.BFloat16);
        using var adam = new AdamW([weights], new OptimiserOptions());
        for (var microbatch = 0; microbatch < 1024; microbatch++)
        {
            // A running sum in bfloat16 would stop growing at 256.
            Fill(weights["w"].grad!, 1);
            adam.Gather();
        }

        Assert.Equal(1024 * Math.Sqrt(40), adam.Step(1, 0.01), 1e-3);
        Assert.Equal(0, adam.Step(2, 0.01));
    }

    [Fact]
    public void A_long_gradient_is_clipped_to_the_limit_and_its_own_length_told()
    {
        using var weights = new FlatParameters([new ParameterSlot("w", 0, [1, 2])]);
        using var adam = new AdamW([weights], new OptimiserOptions { MaxGradientNorm = 1 });
        SetRow(weights["w"].grad!, 3, 4);
        Assert.Equal(5, adam.Step(1, 0.01), 1e-6);
        // Clipped to (.6, .8); the first moment is a tenth of that.
        Assert.Equal(0.06, TinyModels.Values(adam.Parts[0].FirstMoment)[0], 1e-7);
        Assert.Equal(0.08, TinyModels.Values(adam.Parts[0].FirstMoment)[1], 1e-7);
    }

    [Fact]
    public void A_gradient_within_the_limit_is_left_as_it_is()
    {
        using var weights = new FlatParameters([new ParameterSlot("w", 0, [1, 2])]);
        using var adam = new AdamW([weights], new OptimiserOptions { MaxGradientNorm = 10 });
        SetRow(weights["w"].grad!, 3, 4);
        adam.Step(1, 0.01);
        Assert.Equal(0.3, TinyModels.Values(adam.Parts[0].FirstMoment)[0], 1e-6);
    }

    [Fact]
    public void The_norm_is_that_of_all_parts_together()
    {
        using var first = new FlatParameters([new ParameterSlot("w", 0, [1, 2])]);
        using var second = new FlatParameters([new ParameterSlot("w", 0, [1, 2])]);
        using var adam = new AdamW([first, second], new OptimiserOptions());
        SetRow(first["w"].grad!, 2, 3);
        SetRow(second["w"].grad!, 6, 0);
        Assert.Equal(7, adam.Step(1, 0.01), 1e-6);
    }

    [Fact]
    public void Weight_decay_pulls_on_matrices_only()
    {
        using var weights = Weights(seed: 3);
        using var adam = new AdamW([weights], new OptimiserOptions { WeightDecay = 0.5 });
        var before = Slots.Select(s => TinyModels.Values(weights[s.Name])).ToArray();
        adam.Step(1, 0.1); // the gradient is 0
        for (var i = 0; i < Slots.Length; i++)
        {
            var keep = Slots[i].IsMatrix ? 1 - 0.1 * 0.5 : 1;
            Assert.All(
                before[i].Zip(TinyModels.Values(weights[Slots[i].Name])),
                pair => Assert.Equal(keep * pair.First, pair.Second, 1e-7)
            );
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_gradient_that_is_no_number_changes_nothing(float bad)
    {
        using var weights = Weights(seed: 4);
        using var adam = new AdamW([weights], new OptimiserOptions { WeightDecay = 0.5, MaxGradientNorm = 1 });
        var before = TinyModels.Values(weights.Values);
        weights["large.bias"].grad!.fill_(bad);
        Assert.False(double.IsFinite(adam.Step(1, 0.1)));
        Assert.Equal(before, TinyModels.Values(weights.Values));
        Assert.All(TinyModels.Values(adam.Parts[0].FirstMoment), m => Assert.Equal(0, m));
    }

    [Fact]
    public void The_gradient_is_0_after_a_step()
    {
        using var weights = Weights(seed: 5);
        using var adam = new AdamW([weights], new OptimiserOptions());
        weights["large.weight"].grad!.fill_(0.5f);
        adam.Step(1, 0.1);
        Assert.All(TinyModels.Values(adam.Parts[0].Gradients), g => Assert.Equal(0, g));
    }

    [Fact]
    public void A_new_optimiser_begins_without_what_an_interrupted_one_had_gathered()
    {
        using var weights = Weights(seed: 6);
        using (var interrupted = new AdamW([weights], new OptimiserOptions()))
        {
            weights["small.weight"].grad!.fill_(float.NaN);
        }

        using var adam = new AdamW([weights], new OptimiserOptions());
        Assert.Equal(0, adam.Step(1, 0.1));
    }

    [Fact]
    public void Frozen_layers_have_no_moments_and_do_not_move()
    {
        using var model = TinyModels.Language(1);
        model.Weights.Freeze(1);
        using var adam = new AdamW([model.Weights], new OptimiserOptions { WeightDecay = 0.1 });
        var trained = model.Weights.OffsetAbove(1);
        Assert.Equal(model.Weights.Values.numel() - trained, adam.Parts[0].Count);
        var before = TinyModels.WeightsOf(model);
        using (no_grad())
        {
            model.Weights.Gradients!.fill_(1f);
        }

        adam.Step(1, 0.01);
        var after = TinyModels.WeightsOf(model);
        Assert.Equal(before[..(int)trained], after[..(int)trained]);
        Assert.NotEqual(before[(int)trained..], after[(int)trained..]);
    }

    private static FlatParameters Weights(ulong seed)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        var weights = new FlatParameters([.. Slots]);
        foreach (var slot in Slots)
        {
            weights[slot.Name].copy_(Noise(slot, seed + (ulong)slot.Offset));
        }

        return weights;
    }

    private static Tensor Noise(ParameterSlot slot, ulong seed)
    {
        var rng = new Seed(seed).Rng();
        return tensor(Enumerable.Range(0, (int)slot.Length).Select(_ => (float)(0.1 * rng.NextNormal())).ToArray()).view([.. slot.Shape]);
    }

    private static void Fill(Tensor tensor, double value) => tensor.fill_((float)value);

    private static void SetRow(Tensor row, params float[] values)
    {
        using var scope = NewDisposeScope();
        row.copy_(tensor(values).view(row.shape));
    }
}
