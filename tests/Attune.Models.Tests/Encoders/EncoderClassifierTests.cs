using System.Text.Json;
using Attune.Core;
using Attune.Models.Encoders;
using Attune.Models.Files;
using Attune.Models.Tests.Architecture;
using Attune.Testing;

namespace Attune.Models.Tests.Encoders;

/// <summary>
/// Tiny encoders against logits made outside this code, in float64 (Golden/encoders.py), and what is said of damaged ones.
/// </summary>
public sealed class EncoderClassifierTests
{
    private static readonly JsonElement Golden = ReadGolden();
    private static readonly int[][] Rows =
    [
        .. Golden.GetProperty("rows").EnumerateArray().Select(r => r.EnumerateArray().Select(t => t.GetInt32()).ToArray()),
    ];

    [Theory]
    [InlineData("distilbert")]
    [InlineData("bert")]
    [InlineData("roberta")]
    public void Logits_are_the_references_in_a_batch_and_alone(string family)
    {
        using var folder = new TemporaryFolder();
        var expected = Write(family, folder).GetProperty("logits").Rows();
        using var classifier = EncoderClassifier.Load(folder.Path);
        var together = classifier.Logits(Rows);
        for (var i = 0; i < Rows.Length; i++)
        {
            var alone = classifier.Logits([Rows[i]])[0];
            for (var label = 0; label < expected[i].Length; label++)
            {
                Assert.InRange(together[i][label], expected[i][label] - 1e-4, expected[i][label] + 1e-4);
                Assert.InRange(alone[label], together[i][label] - 1e-5, together[i][label] + 1e-5);
            }
        }
    }

    [Fact]
    public void Many_texts_are_scored_in_several_passes()
    {
        using var folder = new TemporaryFolder();
        Write("distilbert", folder);
        using var classifier = EncoderClassifier.Load(folder.Path);
        var few = classifier.Logits(Rows);
        var many = classifier.Logits([.. Enumerable.Range(0, 1000).Select(i => Rows[i % Rows.Length])]);
        Assert.All(many, (logits, i) => Assert.InRange(Math.Abs(logits[0] - few[i % Rows.Length][0]), 0, 1e-5));
    }

    [Fact]
    public void Scoring_keeps_no_tensors()
    {
        using var folder = new TemporaryFolder();
        Write("bert", folder);
        using var classifier = EncoderClassifier.Load(folder.Path);
        using var scope = TorchSharp.torch.NewDisposeScope();
        classifier.Logits(Rows);
        Assert.Equal(0, scope.DisposablesCount);
    }

    [Theory]
    [InlineData("[classifier]", "'classifier.weight' is missing", "weight missing")]
    [InlineData("dim\":32", "expected [36, 36]", "dim\":36")]
    [InlineData("vocab_size\":29", "expected [31, 32]", "vocab_size\":31")]
    [InlineData("activation\":\"gelu", "activation is 'relu'", "activation\":\"relu")]
    [InlineData("n_heads\":4", "5 heads do not divide a width of 32", "n_heads\":5")]
    [InlineData("\"0\":\"NEGATIVE\"", "id2label names no classes", "\"7\":\"NEGATIVE\"")]
    [InlineData("max_position_embeddings\":24", "leave no room for a text", "max_position_embeddings\":2")]
    [InlineData("model_type\":\"distilbert", "encoders that classify are bert, roberta, distilbert", "model_type\":\"gpt2")]
    public void Damage_is_named(string field, string message, string instead)
    {
        using var folder = new TemporaryFolder();
        Write("distilbert", folder, leftOut: field == "[classifier]" ? "classifier.weight" : null, field, instead);
        Assert.Contains(
            message,
            Assert.Throws<ModelFileException>(() => EncoderClassifier.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_strange_tensor_is_named_and_unused_ones_are_not()
    {
        using var folder = new TemporaryFolder();
        Write("roberta", folder, more: ["roberta.pooler.dense.weight", "roberta.embeddings.position_ids"]);
        EncoderClassifier.Load(folder.Path).Dispose();
        Write("roberta", folder, more: ["lm_head.weight"]);
        Assert.Contains(
            "'lm_head.weight' is not part of a roberta classifier",
            Assert.Throws<ModelFileException>(() => EncoderClassifier.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Texts_that_do_not_fit_are_refused()
    {
        using var folder = new TemporaryFolder();
        Write("roberta", folder);
        using var classifier = EncoderClassifier.Load(folder.Path);
        Assert.Equal(22, classifier.Config.ContextLength);
        Assert.Throws<ArgumentException>(() => classifier.Logits([new int[23]]));
        Assert.Throws<ArgumentException>(() =>
            classifier.Logits([
                [29],
            ])
        );
        Assert.Throws<ArgumentException>(() =>
            classifier.Logits([
                [],
            ])
        );
    }

    private static JsonElement ReadGolden()
    {
        using var stream = typeof(EncoderClassifierTests).Assembly.GetManifestResourceStream("encoders.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    private static JsonElement Write(
        string family,
        TemporaryFolder folder,
        string? leftOut = null,
        string? field = null,
        string? instead = null,
        string[]? more = null
    )
    {
        var golden = Golden.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == family);
        var config = golden.GetProperty("config").GetRawText();
        folder.WriteText("config.json", field is null ? config : config.Replace(field, instead, StringComparison.Ordinal));
        var tensors = golden
            .GetProperty("tensors")
            .EnumerateObject()
            .Where(t => t.Name != leftOut)
            .Select(t => (t.Name, Shape: t.Value.EnumerateArray().Select(n => n.GetInt64()).ToArray()))
            .Concat((more ?? []).Select(m => (m, new long[] { 3 })));
        SafeTensorsWriter.Write(
            folder.File("model.safetensors"),
            [.. tensors.Select(t => new SafeTensorsSource(t.Item1, [.. t.Item2], () => Values(t.Item1, t.Item2)))],
            WeightType.F32
        );
        return golden;
    }

    private static float[] Values(string name, long[] shape)
    {
        var one = name.EndsWith("weight", StringComparison.Ordinal) && name.Contains("norm", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        return [.. FamilyTests.Values(name, shape, normsLessOne: true).Select(v => v + one)];
    }
}
