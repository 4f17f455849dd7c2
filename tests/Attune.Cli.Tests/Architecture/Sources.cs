using Attune.Testing;
using Attune.Testing.Sources;

namespace Attune.Cli.Tests.Architecture;

/// <summary>The sources of the checkout, read once.</summary>
internal static class Sources
{
    public static IReadOnlyList<SourceFile> Product { get; } = SourceFile.Below(Checkout.Root, "src");

    public static IReadOnlyList<SourceFile> Tests { get; } = SourceFile.Below(Checkout.Root, "tests");

    /// <summary>What is written beside src and tests: benchmarks, samples, build programs.</summary>
    public static IReadOnlyList<SourceFile> Others { get; } = SourceFile.Below(Checkout.Root, "bench", "samples", "build");

    public static IEnumerable<SourceFile> All => [.. Product, .. Tests, .. Others];
}
