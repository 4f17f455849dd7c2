using System.Text.Json;
using Attune.Core.Runs;
using Attune.Methods.Reward;
using Attune.Models.Encoders;
using Attune.Models.Files;
using Attune.Testing;
using Attune.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Attune.Methods.Tests.Reward;

/// <summary>Classifiers on encoders: the loss by hand and by differences, and five steps as transformers takes them.</summary>
public sealed class EncoderClassificationTests
{
    [Fact]
    public void The_loss_is_as_worked_out_by_hand()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0f, (float)Math.Log(3), 1f, 1f }, [2, 2]);
        var loss = EncoderClassification.Loss(logits, tensor(new long[] { 1, 0 })).data<float>().ToArray();
        Assert.Equal(-Math.Log(0.75), loss[0], 1e-6);
        Assert.Equal(Math.Log(2), loss[1], 1e-6);
    }

    [Theory]
    [InlineData("bert")]
    [InlineData("roberta")]
    [InlineData("distilbert")]
    public void Every_weight_has_the_gradient_that_differences_say(string family)
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, family, labels: 2, head: true);
        using var model = EncoderClassifier.Load(folder.Path);
        var objective = new EncoderClassification.Objective(model);
        LabelledText[] items = [new(new EncoderText([1, 5, 7, 2]), 1), new(new EncoderText([1, 9, 2]), 0)];
        model.Weights.AttachGradients();
        using (NewDisposeScope())
        {
            objective.Evaluate(items).SummedLoss.backward();
        }

        var rng = new Seed(1).For("places").Rng();
        foreach (var slot in model.Weights.Slots.Where(s => s.Name != "words" && s.Name != "positions" && s.Name != "types"))
        {
            var place = slot.Offset + rng.NextInt((int)slot.Length);
            var expected = (Moved(model, objective, items, place, 1e-2f) - Moved(model, objective, items, place, -1e-2f)) / 2e-2;
            var actual = model.Weights.Gradients![place].ToDouble();
            Assert.InRange(actual - expected, -2e-3 - 0.02 * Math.Abs(expected), 2e-3 + 0.02 * Math.Abs(expected));
        }
    }

    [Fact]
    public void An_encoder_without_a_head_gets_one_and_comes_back_as_it_was_saved()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.File("bare"), "bert", labels: 2, head: false);
        Assert.False(EncoderClassifier.HasHead(folder.File("bare")));
        using var model = EncoderClassifier.LoadOrBegin(folder.File("bare"), ["no", "yes"], new Seed(3));
        model.Save(folder.File("saved"));
        Assert.True(EncoderClassifier.HasHead(folder.File("saved")));
        using var again = EncoderClassifier.Load(folder.File("saved"));
        Assert.Equal(["no", "yes"], again.Config.Labels);
        int[][] texts =
        [
            [1, 5, 7, 2],
            [1, 9, 2],
        ];
        Assert.Equal(model.Logits(texts), again.Logits(texts));
        Assert.NotEqual(again.Logits(texts)[0][0], again.Logits(texts)[0][1]);
    }

    [Fact]
    public void Dropout_leaves_out_in_training_alone_and_the_same_for_the_same_update()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "bert", labels: 2, head: true);
        using var model = EncoderClassifier.Load(folder.Path);
        EncoderText[] texts = [new([1, 5, 7, 2]), new([1, 9, 2])];
        var plain = Trained(1);
        model.Dropout = 0.3;
        Assert.Equal(Trained(1), Trained(1));
        Assert.NotEqual(Trained(1), Trained(2));
        Assert.NotEqual(plain, Trained(1));
        Assert.Equal(plain[..2], model.Logits([.. texts])[0]);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Dropout = 1);

        float[] Trained(ulong update)
        {
            using var scope = NewDisposeScope();
            model.Weights.BeginUpdate(new Seed(update));
            return model.Forward(texts).data<float>().ToArray();
        }
    }

    [Fact]
    public void Golden_steps_are_transformers()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("golden/minilm/classifier.json")));
        var golden = document.RootElement;
        using var scope = NewDisposeScope();
        using var model = WithHead();
        using var adam = new AdamW([model.Weights], new OptimiserOptions { MaxGradientNorm = 0 });
        var objective = new EncoderClassification.Objective(model);
        LabelledText[] train = [.. golden.GetProperty("train").EnumerateArray().Select(Item)];
        LabelledText[] test = [.. golden.GetProperty("test").EnumerateArray().Select(Item)];
        var expected = golden.GetProperty("f64");
        Near(expected.GetProperty("test_logits_before"), model.Logits([.. test.Select(t => t.Text)]), 1e-4);
        Near(expected.GetProperty("train_logits_step1"), model.Logits([.. train.Select(t => t.Text)]), 1e-4);
        foreach (var step in expected.GetProperty("steps").EnumerateArray())
        {
            using var inner = NewDisposeScope();
            var loss = objective.Evaluate(train).SummedLoss / train.Length;
            Assert.Equal(step.GetProperty("loss").GetDouble(), loss.ToDouble(), 1e-4);
            loss.backward();
            var norm = adam.Step(step.GetProperty("step").GetInt32(), 5e-5);
            Assert.InRange(norm / step.GetProperty("grad_norm").GetDouble(), 1 - 1e-3, 1 + 1e-3);
        }

        Near(expected.GetProperty("test_logits_after"), model.Logits([.. test.Select(t => t.Text)]), 1e-3);
    }

    private static LabelledText Item(JsonElement row) =>
        new(new EncoderText([.. row.GetProperty("ids").EnumerateArray().Select(t => t.GetInt32())]), row.GetProperty("label").GetInt32());

    private static void Near(JsonElement expected, float[][] actual, double tolerance)
    {
        var rows = expected.EnumerateArray().ToArray();
        Assert.Equal(rows.Length, actual.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.All(
                rows[i].EnumerateArray().Select(v => v.GetDouble()).Zip(actual[i]),
                pair => Assert.Equal(pair.First, pair.Second, tolerance)
            );
        }
    }

    private static EncoderClassifier WithHead()
    {
        var model = EncoderClassifier.LoadOrBegin(SharedData.Require("models/minilm"), ["0", "1"], new Seed(1));
        using var head = new SafeTensorsFile(SharedData.Require("golden/minilm/classifier_head.safetensors"));
        using var quiet = no_grad();
        foreach (var part in new[] { "weight", "bias" })
        {
            using var scope = NewDisposeScope();
            var entry = head.Find("classifier." + part)!;
            var values = new float[entry.Length];
            head.Read(entry, values);
            model.Weights.ExactOf("last." + part).copy_(tensor(values).view([.. entry.Shape]));
        }

        return model;
    }

    private static double Moved(
        EncoderClassifier model,
        EncoderClassification.Objective objective,
        LabelledText[] items,
        long place,
        float by
    )
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var weight = model.Weights.Values[place];
        var before = weight.ToSingle();
        weight.fill_(before + by);
        var loss = objective.Evaluate(items).SummedLoss.ToDouble();
        weight.fill_(before);
        return loss;
    }
}

/// <summary>An encoder with random weights: 24 tokens, width 16, two layers.</summary>
internal static class TinyEncoder
{
    public static void Write(string folder, string family, int labels, bool head)
    {
        Directory.CreateDirectory(folder);
        var names = string.Join(", ", Enumerable.Range(0, labels).Select(i => $"\"{i}\": \"class {i}\""));
        var sizes =
            family == "distilbert"
                ? """ "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 20"""
                : """ "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 20""";
        File.WriteAllText(
            Path.Combine(folder, "config.json"),
            $$$"""
            {"model_type": "{{{family}}}", "vocab_size": 24, {{{sizes}}}, "max_position_embeddings": 40, "id2label": { {{{names}}} }}
            """
        );
        var tensors = EncoderShapes(family, labels, head);
        var rng = new Seed(9).For("encoder").Rng();
        SafeTensorsWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            [
                .. tensors.Select(t => new SafeTensorsSource(
                    t.Name,
                    [.. t.Shape],
                    () => [.. Enumerable.Range(0, t.Shape.Aggregate(1, (a, b) => a * b)).Select(_ => (float)(0.3 * rng.NextNormal()))]
                )),
            ],
            WeightType.F32
        );
    }

    private static (string Name, int[] Shape)[] EncoderShapes(string family, int labels, bool head)
    {
        var distilled = family == "distilbert";
        var prefix = head ? family + "." : "";
        string[] maps = distilled
            ? ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"]
            : ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"];
        var layers = distilled ? "transformer.layer" : "encoder.layer";
        var (up, down) = distilled ? ("ffn.lin1", "ffn.lin2") : ("intermediate.dense", "output.dense");
        string[] norms = distilled ? ["sa_layer_norm", "output_layer_norm"] : ["attention.output.LayerNorm", "output.LayerNorm"];
        List<(string, int[])> all =
        [
            (prefix + "embeddings.word_embeddings.weight", [24, 16]),
            (prefix + "embeddings.position_embeddings.weight", [40, 16]),
            .. Norm(prefix + "embeddings.LayerNorm"),
        ];
        if (!distilled)
        {
            all.Add((prefix + "embeddings.token_type_embeddings.weight", [2, 16]));
        }

        for (var i = 0; i < 2; i++)
        {
            var layer = $"{prefix}{layers}.{i}.";
            all.AddRange([
                .. maps.SelectMany(m => Affine(layer + m, 16, 16)),
                .. Affine(layer + up, 20, 16),
                .. Affine(layer + down, 16, 20),
                .. norms.SelectMany(n => Norm(layer + n)),
            ]);
        }

        if (head)
        {
            var (first, last) =
                distilled ? ("pre_classifier", "classifier")
                : family == "bert" ? ("bert.pooler.dense", "classifier")
                : ("classifier.dense", "classifier.out_proj");
            all.AddRange([.. Affine(first, 16, 16), .. Affine(last, labels, 16)]);
        }

        return [.. all];
    }

    private static (string, int[])[] Affine(string name, int outputs, int inputs) =>
        [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])];

    private static (string, int[])[] Norm(string name) => [(name + ".weight", [16]), (name + ".bias", [16])];
}
