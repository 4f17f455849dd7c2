using System.Text.Json;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Models.Files;
using Attune.Testing;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Files;

/// <summary>A real trained model against a forward pass computed in 64 bits elsewhere.</summary>
public sealed class Stories260KTests
{
    private const float Tolerance = 1e-4f;

    [Theory]
    [InlineData("stories260K.bin")]
    [InlineData("stories260K_v1.bin")]
    public void Golden_logits_after_the_begin_token(string file)
    {
        using var model = Import(file);
        using var engine = new DecodeEngine(model);
        var golden = Golden().GetProperty("logits_after_BOS").EnumerateArray().Select(v => v.GetSingle()).ToArray();
        Assert.InRange(Differences.Largest(TinyModels.Logits(model, [1]), golden), 0, Tolerance);
        Assert.InRange(Differences.Largest(engine.Logits([1]), golden), 0, Tolerance);
    }

    [Fact]
    public void Golden_greedy_continuation()
    {
        using var model = Import("stories260K.bin");
        using var engine = new DecodeEngine(model);
        var golden = Golden().GetProperty("greedy_tokens_from_BOS").EnumerateArray().Select(v => v.GetInt32()).ToArray();
        var options = new SamplingOptions
        {
            Temperature = 0,
            MaxNewTokens = golden.Length,
            BatchSize = 1,
        };
        var rollout = engine.Sample([new SampleRequest([1], new Seed(7))], options, 0, null, CancellationToken.None).Single();
        Assert.Equal(golden, rollout.Sequence.Answer.ToArray());
        Assert.Equal(StopReason.Length, rollout.Stop);
    }

    [Fact]
    public void Golden_log_probabilities_of_nine_texts()
    {
        using var model = Import("stories260K.bin");
        using var engine = new DecodeEngine(model);
        foreach (var text in Golden().GetProperty("texts").EnumerateArray())
        {
            var tokens = text.GetProperty("tokens").EnumerateArray().Select(v => v.GetInt32()).ToArray();
            var golden = text.GetProperty("token_logprobs").EnumerateArray().Select(v => v.GetSingle()).ToArray();
            Assert.InRange(Differences.Largest(engine.LogProbs([.. tokens]).AsSpan(), golden), 0, Tolerance);
            Assert.InRange(Differences.Largest(TorchLogProbs(model, tokens), golden), 0, Tolerance);
        }
    }

    [Fact]
    public void Golden_a_saved_copy_gives_the_same_bits()
    {
        using var model = Import("stories260K.bin");
        using var folder = new TemporaryFolder();
        ModelFiles.Save(model, folder.Path);
        using var copy = ModelFiles.LoadLanguageModel(folder.Path);
        Assert.Equal(TinyModels.Logits(model, [1, 403, 407]), TinyModels.Logits(copy, [1, 403, 407]));
    }

    private static float[] TorchLogProbs(LanguageModel model, int[] tokens)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var logProbs = model.Logits(model.Trunk.Hidden(TinyModels.Rows(tokens))).log_softmax(-1); // [1, time, vocab]
        var next = TinyModels.Rows(tokens)[.., 1..].unsqueeze(-1);
        return logProbs[.., ..^1].gather(-1, next).reshape(-1).contiguous().data<float>().ToArray();
    }

    private static LanguageModel Import(string file) => Llama2CCheckpoint.Import(SharedData.Require("models/stories260K/" + file));

    private static JsonElement Golden() =>
        JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/stories260K_golden.json"))).RootElement.Clone();
}
