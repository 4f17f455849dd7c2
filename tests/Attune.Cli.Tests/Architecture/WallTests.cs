using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests.Architecture;

/// <summary>Assemblies are walls: docs/architecture.md says which may reference which, and the built assemblies keep to it.</summary>
public sealed partial class WallTests
{
    private const string Torch = "TorchSharp";

    public static TheoryData<string> Assemblies =>
        [.. Directory.GetDirectories(Checkout.File("src")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_table_names_every_assembly_and_no_other() =>
        Assert.Equal(Assemblies.Select(row => row.Data).Order(StringComparer.Ordinal), Table().Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_references_what_the_table_allows(string name)
    {
        var allowed = Table()[name];
        Assert.DoesNotContain(References(name).Where(r => r.StartsWith("Attune.", StringComparison.Ordinal)), r => !allowed.Contains(r));
    }

    [Theory]
    [InlineData("Attune.Core")]
    [InlineData("Attune.Text")]
    [InlineData("Attune.Data")]
    [InlineData("Attune.Worlds")]
    [InlineData("Attune.Web")]
    [InlineData("Attune.Feedback")]
    [InlineData("Attune.Reports")]
    public void Text_data_and_reports_do_without_libtorch(string name)
    {
        // Through others too: Numerics and Models bring it.
        foreach (var assembly in Table()[name].Append(name))
        {
            Assert.DoesNotContain(Torch, References(assembly));
        }
    }

    [Fact]
    public void No_assembly_opens_its_internals_to_another()
    {
        var opened = Directory
            .GetFiles(Checkout.File("src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => Friend().Matches(File.ReadAllText(project)).Select(m => m.Groups[1].Value));
        Assert.DoesNotContain(
            opened,
            friend => !friend.EndsWith(".Tests", StringComparison.Ordinal) && friend != "Attune.Testing.Training"
        );
        Assert.DoesNotContain(Sources.Product, f => f.Text.Contains("InternalsVisibleTo(", StringComparison.Ordinal));
    }

    /// <summary>Rows such as "| `Attune.Text` | Core | tokenizers |".</summary>
    private static Dictionary<string, string[]> Table()
    {
        var rows = File.ReadLines(Checkout.File("docs", "architecture.md"))
            .Where(l => l.StartsWith("| `Attune.", StringComparison.Ordinal))
            .Select(l => l.Split('|'))
            .ToArray();
        var names = rows.Select(r => r[1].Trim(' ', '`')).ToArray();
        return rows.ToDictionary(
            r => r[1].Trim(' ', '`'),
            r =>
                r[2]
                    .Split(',')
                    .Select(n => n.Trim())
                    .SelectMany(n =>
                        n switch
                        {
                            "all" => names,
                            "nothing" => [],
                            Torch => [Torch],
                            _ => (string[])["Attune." + n],
                        }
                    )
                    .ToArray()
        );
    }

    private static string[] References(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        var metadata = file.GetMetadataReader();
        return
        [
            .. metadata
                .AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))
                .Order(StringComparer.Ordinal),
        ];
    }

    [GeneratedRegex("InternalsVisibleTo Include=\"([^\"]+)\"")]
    private static partial Regex Friend();
}
