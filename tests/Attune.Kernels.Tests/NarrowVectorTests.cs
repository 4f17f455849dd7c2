using Attune.Testing;

namespace Attune.Kernels.Tests;

/// <summary>The kernels on processors with narrower vectors.</summary>
public sealed class NarrowVectorTests
{
    [Theory]
    [InlineData(NarrowVectors.Without512)]
    [InlineData(NarrowVectors.Without256)]
    public async Task Kernels_pass_their_tests_without_wide_vectors(string setting)
    {
        var output = await NarrowVectors.RunAsync(
            setting,
            TestContext.Current.CancellationToken,
            typeof(KernelTests),
            typeof(BlockTests),
            typeof(MatrixProductTests)
        );
        Assert.Matches("Total: (1[0-9]|[2-9][0-9])", output);
    }
}
