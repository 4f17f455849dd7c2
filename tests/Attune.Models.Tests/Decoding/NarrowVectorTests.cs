using Attune.Testing;

namespace Attune.Models.Tests.Decoding;

/// <summary>The rollout engine on processors with narrower vectors.</summary>
public sealed class NarrowVectorTests
{
    [Theory]
    [InlineData(NarrowVectors.Without512)]
    [InlineData(NarrowVectors.Without256)]
    public async Task The_engine_passes_its_tests_without_wide_vectors(string setting)
    {
        var output = await NarrowVectors.RunAsync(setting, TestContext.Current.CancellationToken, typeof(DecodeEngineTests));
        Assert.Matches("Total: (1[0-9]|[2-9][0-9])", output);
    }
}
