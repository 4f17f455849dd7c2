using Attune.Testing;
using Attune.Testing.Sources;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Attune.Cli.Tests.Architecture;

/// <summary>The rules of layout in CONTRIBUTING.md that neither the compiler nor the formatter checks.</summary>
public sealed class StyleTests
{
    /// <summary>Methods of more than 40 lines that read better whole. Each says why.</summary>
    private static readonly Dictionary<string, string> LongMethodsAllowed = new()
    {
        ["src/Attune.Kernels/Gemm.Wide.cs Wide"] = "an inner loop that keeps its sums in registers: a call in it would spill them",
        ["src/Attune.Kernels/Gemm.Slim.cs Slim"] = "as Wide, for registers of 256 bits",
        ["src/Attune.Kernels/Gemm.Strips.cs Broad"] = "as Wide, for registers of 256 bits",
        ["src/Attune.Kernels/MatrixProduct.Half.cs HalfTile"] = "as Gemm's",
    };

    [Fact]
    public void Sources_are_found()
    {
        Assert.True(Sources.Product.Count > 400);
        Assert.True(Sources.Tests.Count > 200);
    }

    /// <summary>A class that was renamed would be quick by mistake.</summary>
    [Fact]
    public void Slow_tests_are_named_as_they_are()
    {
        var classes = Sources.Tests.SelectMany(f =>
            f.TopLevelTypes.OfType<ClassDeclarationSyntax>().Select(c => $"{f.Namespace}.{c.Identifier.Text}")
        );
        Assert.All(
            File.ReadLines(Checkout.File("tests", "slow.txt")).Where(l => !l.StartsWith('#')),
            name =>
            {
                // xunit refuses a star elsewhere, and then no test runs at all.
                Assert.DoesNotContain('*', name[..^1]);
                Assert.Contains(classes, c => name[^1] == '*' ? c.StartsWith(name[..^1], StringComparison.Ordinal) : c == name);
            }
        );
    }

    [Fact]
    public void A_line_has_140_columns_at_most() =>
        // A test's raw strings are data.
        Assert.Empty(
            Sources
                .All.SelectMany(f => Style.LongLines(f, rawStringsCount: !f.Path.StartsWith("tests/", StringComparison.Ordinal)))
                .Select(l => l.ToString())
        );

    [Fact]
    public void A_method_of_the_product_has_40_lines_at_most() =>
        Assert.Empty(
            Sources
                .Product.SelectMany(Style.MethodLengths)
                .Where(m => m.Size > Style.MostMethodLines && !LongMethodsAllowed.ContainsKey(m.Place))
                .Select(m => m.ToString())
        );

    [Fact]
    public void An_exception_to_the_length_of_methods_is_still_needed() =>
        Assert.All(
            LongMethodsAllowed.Keys,
            place =>
                Assert.Contains(Sources.Product.SelectMany(Style.MethodLengths), m => m.Place == place && m.Size > Style.MostMethodLines)
        );

    [Fact]
    public void A_file_of_the_product_has_300_lines_at_most() =>
        Assert.Empty(Sources.Product.Where(f => f.LineCount > Style.MostFileLines).Select(f => $"{f}: {f.LineCount}"));

    [Fact]
    public void Braces_are_never_left_out() => Assert.Empty(Sources.All.SelectMany(Style.MissingBraces).Select(f => f.Place));

    [Fact]
    public void A_namespace_is_its_folder() =>
        Assert.Empty(Sources.All.Where(f => f.Namespace is { } given && given != f.ExpectedNamespace).Select(f => $"{f}: {f.Namespace}"));
}
