using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using static TorchSharp.torch;

namespace Attune.Models.Tests.Architecture;

/// <summary>Alone, because libtorch counts the tensors of the whole process.</summary>
[CollectionDefinition(nameof(LeakTests), DisableParallelization = true)]
[Collection(nameof(LeakTests))]
public sealed class LeakTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void No_tensor_is_left_behind_by_200_rounds_of_learning_and_sampling(string family)
    {
        var config = TinyModels.ByName(family);
        using var model = TinyModels.Random(config);
        using var scores = new ScalarModel(model, new Seed(1));
        using var engine = new DecodeEngine(model);
        var tokens = TinyModels.Tokens(config, 12, 1);
        TransformerTests.Gradient(model, tokens, null);
        var before = Tensor.TotalCount;
        for (var round = 0; round < 200; round++)
        {
            using var scope = NewDisposeScope();
            TransformerTests.Gradient(model, tokens, null);
            scores.Scores(TinyModels.Rows(tokens));
            engine.Load(model);
            engine.Sample(
                [new SampleRequest([1, 2], new Seed(1))],
                new SamplingOptions { MaxNewTokens = 3 },
                round,
                null,
                CancellationToken.None
            );
        }

        // Fewer is no leak: a finaliser may have taken what an earlier test left to it.
        Assert.InRange(Tensor.TotalCount, 0, before);
    }
}
