using System.Text.Json;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Testing;
using Attune.Text.Gguf;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Gguf;

/// <summary>A real instruct model of 135 million weights, read from a GGUF file, against passes in 64 bits.</summary>
public sealed class SmolLm2Tests
{
    private const double Tolerance = 1e-4;
    private const string Model = "models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

    [Fact]
    public void Golden_tensors_are_those_of_the_gguf_package()
    {
        using var golden = Golden("gguf_tensors");
        using var file = new GgufFile(SharedData.Require(Model));
        foreach (var tensor in golden.RootElement.GetProperty("tensors").EnumerateArray())
        {
            var entry = file.Find(tensor.GetProperty("name").GetString()!)!;
            Assert.Equal(tensor.GetProperty("type").GetString(), entry.Type.Name());
            Assert.Equal(tensor.GetProperty("data_offset_in_file").GetInt64(), entry.Start);
            Assert.Equal(tensor.GetProperty("bytes").GetInt64(), entry.Bytes);
            var values = file.Read(entry);
            Assert.Equal(tensor.GetProperty("count").GetInt64(), values.LongLength);
            Assert.Equal(Singles(tensor, "first32"), values.Take(32));
            Assert.Equal(Singles(tensor, "last32"), values.TakeLast(32));
            Assert.Equal(1, values.Sum(v => (double)v) / tensor.GetProperty("sum").GetDouble(), 1e-7);
            Assert.Equal(1, values.Sum(v => (double)v * v) / tensor.GetProperty("sum_of_squares").GetDouble(), 1e-7);
        }
    }

    [Fact]
    public void Golden_logits_and_log_probabilities_are_those_of_64_bits()
    {
        using var golden = Golden("logits");
        using var model = ModelFiles.LoadLanguageModel(SharedData.Require(Model));
        using var quiet = no_grad();
        var texts = golden.RootElement.GetProperty("texts").EnumerateArray().ToArray();
        Assert.NotEmpty(texts);
        foreach (var text in texts)
        {
            using var scope = NewDisposeScope();
            long[] ids = [.. text.GetProperty("ids").EnumerateArray().Select(t => t.GetInt64())];
            var logits = model.Logits(model.Trunk.Hidden(tensor(ids, [1, ids.Length])))[0];
            var logProbs = logits.log_softmax(-1)[TensorIndex.Slice(0, -1)].gather(1, tensor(ids)[TensorIndex.Slice(1)].unsqueeze(1));
            Near(Doubles(text, "token_logprobs"), logProbs.flatten().data<float>());
            long[] top = [.. text.GetProperty("last_top20_ids").EnumerateArray().Select(t => t.GetInt64())];
            Near(Doubles(text, "last_top20_logits"), logits[-1].index_select(0, tensor(top)).data<float>());
            Assert.Equal(
                text.GetProperty("argmax_every_position").EnumerateArray().Select(t => t.GetInt64()),
                logits.argmax(-1).data<long>()
            );
        }
    }

    [Fact]
    public void Golden_greedy_texts_are_those_of_64_bits()
    {
        using var golden = Golden("greedy");
        using var model = ModelFiles.LoadLanguageModel(SharedData.Require(Model));
        using var engine = new DecodeEngine(model);
        var prompts = golden.RootElement.GetProperty("prompts").EnumerateArray().ToArray();
        // The texts go on after their end; no text holds the last token of the vocabulary.
        var options = new SamplingOptions
        {
            Temperature = 0,
            MaxNewTokens = 64,
            EndToken = model.Config.VocabularySize - 1,
        };
        SampleRequest[] requests = [.. prompts.Select(p => new SampleRequest([.. Ids(p, "prompt_ids")], new Seed(1)))];
        var rollouts = engine.Sample(requests, options, 0, null, TestContext.Current.CancellationToken);
        Assert.NotEmpty(prompts);
        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(Ids(prompts[i], "ids"), rollouts[i].Sequence.Answer.ToArray());
        }
    }

    private static int[] Ids(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(t => t.GetInt32())];

    private static float[] Singles(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(v => v.GetSingle())];

    private static double[] Doubles(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    private static void Near(double[] expected, IEnumerable<float> actual) =>
        Assert.All(expected.Zip(actual.ToArray()), pair => Assert.InRange(pair.Second - pair.First, -Tolerance, Tolerance));

    private static JsonDocument Golden(string name) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Require($"golden/smollm2/{name}.json")));
}
