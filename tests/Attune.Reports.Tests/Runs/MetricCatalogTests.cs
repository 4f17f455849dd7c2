using System.Text.RegularExpressions;
using Attune.Core.Runs;

namespace Attune.Reports.Tests.Runs;

public sealed partial class MetricCatalogTests
{
    [GeneratedRegex("""\.(?:Add|AddSum|Set)\(\s*"([^"{]+)",""")]
    private static partial Regex LoggedName();

    [Fact]
    public void Names_are_unique_and_every_definition_says_something()
    {
        Assert.Distinct(MetricCatalog.All.Select(m => m.Name));
        Assert.All(
            MetricCatalog.All,
            m =>
            {
                Assert.NotEmpty(m.Unit);
                Assert.NotEmpty(m.Source);
                Assert.EndsWith(".", m.Meaning);
                Assert.True(m.Meaning.Length > 10, m.Name);
            }
        );
    }

    [Theory]
    [InlineData("objective/kl", "objective/kl")]
    [InlineData("rewards/length/mean", "rewards/<reward>/mean")]
    [InlineData("rewards//mean", null)]
    [InlineData("rewards/length/mean/x", null)]
    [InlineData("objective/k", null)]
    [InlineData("Loss", null)]
    public void An_undefined_name_is_detected(string name, string? definition) => Assert.Equal(definition, MetricCatalog.Find(name)?.Name);

    [Fact]
    public void Every_metric_that_the_source_logs_is_defined()
    {
        var logged = Directory
            .EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => File.ReadAllText(file).Contains("Metrics", StringComparison.Ordinal))
            .SelectMany(file =>
                LoggedName().Matches(File.ReadAllText(file)).Select(match => (File: Path.GetFileName(file), Name: match.Groups[1].Value))
            );
        Assert.All(
            logged,
            metric =>
                Assert.True(
                    MetricCatalog.Find(metric.Name) is not null,
                    $"{metric.File} logs {metric.Name}, which MetricCatalog does not define"
                )
        );
    }

    /// <summary>Run once with ATTUNE_WRITE_DOCS=1 to write the page anew.</summary>
    [Fact]
    public void The_documentation_lists_the_catalogue_as_it_is()
    {
        var page = Path.Combine(Root(), "docs", "metrics.md");
        if (Environment.GetEnvironmentVariable("ATTUNE_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(page)!);
            File.WriteAllText(page, MetricCatalog.ToMarkdown());
        }

        Assert.Equal(MetricCatalog.ToMarkdown(), File.ReadAllText(page));
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Attune.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Attune.slnx was not found above the tests.");
        }

        return folder.FullName;
    }
}
