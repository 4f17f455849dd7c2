using Attune.Models.Tests.Adapters;
using Attune.Models.Tests.Architecture;
using Attune.Testing;

namespace Attune.Models.Tests.Decoding;

/// <summary>The rollout engine and the fused trunk on processors with narrower vectors.</summary>
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

    [Fact]
    public async Task The_fused_trunk_passes_its_tests_on_vectors_of_256_bits()
    {
        var output = await NarrowVectors.RunAsync(
            NarrowVectors.Without512,
            TestContext.Current.CancellationToken,
            typeof(FusedTrunkTests),
            typeof(AdapterTests)
        );
        Assert.Matches("Total: ([4-9][0-9]|[1-9][0-9][0-9])", output);
    }
}
