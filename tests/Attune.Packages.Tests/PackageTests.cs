using System.IO.Compression;
using System.Xml.Linq;
using Attune.Testing;

namespace Attune.Packages.Tests;

/// <summary>The packages as their users meet them: from a feed, in empty folders.</summary>
public sealed class PackageTests(LocalFeed feed) : IClassFixture<LocalFeed>
{
    [Fact]
    public async Task The_tool_installs_from_a_feed_and_runs_in_an_empty_folder()
    {
        var folder = Directory.CreateDirectory(Path.Combine(feed.Home, "empty")).FullName;
        var installed = await feed.RunAsync(
            folder,
            "dotnet",
            "tool",
            "install",
            "Attune.Tool",
            "--tool-path",
            Path.Combine(feed.Home, "bin")
        );
        Assert.True(installed.Code == 0, installed.Output);
        var attune = Path.Combine(feed.Home, "bin", "attune");
        var answer = await feed.RunAsync(folder, attune, "generate", "--model", "embedded", "--prompt", "The film", "--max-tokens", "8");
        Assert.True(answer.Code == 0, answer.Output);
        Assert.Contains("The film", answer.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task The_template_makes_a_program_that_trains_on_a_reward_of_its_own()
    {
        var folder = Directory.CreateDirectory(Path.Combine(feed.Home, "project")).FullName;
        await MustAsync(folder, "new", "install", Path.Combine(feed.Packages, $"Attune.Templates.{Version()}.nupkg"));
        await MustAsync(folder, "new", "attune-recipe", "-o", "Shortener", "--attuneVersion", Version());
        var project = Path.Combine(folder, "Shortener");
        var output = await MustAsync(project, "run", "-c", "Release", "--", "run");
        Assert.Contains("1/1 rloo", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(project, "run", "final", "model.safetensors")), output);

        var recipe = Path.Combine(project, "recipe.yaml");
        await File.WriteAllTextAsync(recipe, File.ReadAllText(recipe).Replace("{words: ", "{words: 1", StringComparison.Ordinal));
        var refused = await feed.RunAsync(project, "dotnet", "run", "-c", "Release", "--", "other");
        Assert.Equal(2, refused.Code);
        Assert.Contains("expected 0 to 1", refused.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_library_has_its_assembly_documentation_readme_licence_and_symbols()
    {
        var libraries = Directory
            .GetFiles(feed.Packages, "Attune.*.nupkg")
            .Select(Path.GetFileName)
            .Where(n =>
                !n!.Contains(".Tool.") && !n.Contains(".Backend.") && !n.Contains(".Templates.") && n != $"Attune.{Version()}.nupkg"
            )
            .ToArray();
        Assert.Equal(17, libraries.Length);
        foreach (var library in libraries)
        {
            var name = library![..^$".{Version()}.nupkg".Length];
            using var package = ZipFile.OpenRead(Path.Combine(feed.Packages, library));
            var files = package.Entries.Select(e => e.FullName).ToHashSet();
            Assert.Contains($"lib/net10.0/{name}.dll", files);
            Assert.Contains($"lib/net10.0/{name}.xml", files);
            Assert.Contains("README.md", files);
            var metadata = Metadata(package);
            Assert.Equal("Apache-2.0", metadata["license"]);
            Assert.NotEqual("Package Description", metadata["description"]);
            using var symbols = ZipFile.OpenRead(Path.Combine(feed.Packages, $"{name}.{Version()}.snupkg"));
            Assert.Contains(symbols.Entries, e => e.FullName == $"lib/net10.0/{name}.pdb");
        }
    }

    [Fact]
    public void The_choice_of_libtorch_is_left_to_the_program()
    {
        using var numerics = ZipFile.OpenRead(Path.Combine(feed.Packages, $"Attune.Numerics.{Version()}.nupkg"));
        Assert.DoesNotContain(Dependencies(numerics), d => d.StartsWith("libtorch", StringComparison.Ordinal));
        foreach (var platform in new[] { "linux-x64", "win-x64", "osx-arm64" })
        {
            using var backend = ZipFile.OpenRead(Path.Combine(feed.Packages, $"Attune.Backend.{platform}.{Version()}.nupkg"));
            Assert.Equal(["TorchSharp", $"libtorch-cpu-{platform}"], Dependencies(backend));
        }
    }

    /// <summary>A program built against an earlier package of the series must not miss what it uses.</summary>
    [Fact]
    public async Task A_package_is_refused_where_a_member_of_its_baseline_is_gone()
    {
        const string library = "Attune.Numerics";
        var promised = Checkout.File("packages", "baseline", string.Join('.', Version().Split('.')[..2]), library, "PublicAPI.Shipped.txt");
        var baselines = Path.Combine(feed.Home, "baseline");
        var baseline = Directory.CreateDirectory(Path.Combine(baselines, library)).FullName;
        var gone = $"static {library}.LogProbs.OfWords(int words) -> double";
        await File.WriteAllLinesAsync(Path.Combine(baseline, Path.GetFileName(promised)), File.ReadLines(promised).Append(gone));

        var (code, output) = await feed.RunAsync(
            Checkout.Root,
            "dotnet",
            "build",
            Path.Combine("src", library),
            "-c",
            "Release",
            "-nologo",
            "-p:AttunePackage=true",
            $"-p:ApiBaselines={baselines}"
        );

        Assert.Equal(1, code);
        Assert.Contains("error RS0017", output, StringComparison.Ordinal);
        Assert.Contains("OfWords", output, StringComparison.Ordinal);
        Assert.DoesNotContain("OfTokens", output, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Metadata(ZipArchive package) =>
        Description(package).Root!.Elements().Single().Elements().ToDictionary(e => e.Name.LocalName, e => e.Value);

    private static string[] Dependencies(ZipArchive package) =>
        [.. Description(package).Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => e.Attribute("id")!.Value)];

    private static XDocument Description(ZipArchive package)
    {
        using var file = package.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(file);
    }

    private string Version() =>
        Path.GetFileName(Directory.GetFiles(feed.Packages, "Attune.Core.*.nupkg").Single())["Attune.Core.".Length..^".nupkg".Length];

    private async Task<string> MustAsync(string folder, params string[] arguments)
    {
        var (code, output) = await feed.RunAsync(folder, "dotnet", arguments);
        Assert.True(code == 0, output);
        return output;
    }
}
