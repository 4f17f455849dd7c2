using Attune.Core.Runs;

namespace Attune.Reports.Tests.Runs;

public sealed class MetricCatalogTests
{
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
    public void Every_metric_that_the_source_writes_is_defined()
    {
        var undefined = WrittenMetrics
            .In(Root())
            .Where(w => !MetricCatalog.All.Any(m => WrittenMetrics.Agrees(w.Name, m.Name)))
            .Select(w => $"{w.File} writes {w.Name}")
            .Distinct();
        Assert.True(!undefined.Any(), string.Join(", ", undefined));
    }

    [Fact]
    public void Every_metric_that_is_defined_is_written_somewhere()
    {
        var written = WrittenMetrics.In(Root()).Select(w => w.Name).Distinct().ToArray();
        var unwritten = MetricCatalog.All.Where(m => !written.Any(w => WrittenMetrics.Agrees(w, m.Name))).Select(m => m.Name);
        Assert.True(!unwritten.Any(), "defined, but never written: " + string.Join(", ", unwritten));
    }

    [Theory]
    [InlineData("logps/<computed>", "logps/chosen", true)]
    [InlineData("rewards/<computed>/mean", "rewards/<reward>/mean", true)]
    [InlineData("loss", "eval_loss", false)]
    [InlineData("logps/<computed>", "logps", false)]
    public void Computed_names_agree_part_by_part(string written, string defined, bool agree) =>
        Assert.Equal(agree, WrittenMetrics.Agrees(written, defined));

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
