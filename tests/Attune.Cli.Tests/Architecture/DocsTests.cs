using System.Text.RegularExpressions;
using Attune.Testing;

namespace Attune.Cli.Tests.Architecture;

/// <summary>The documentation holds together without the site: <c>build/site.sh</c> checks headings and types too.</summary>
public sealed partial class DocsTests
{
    private static readonly string Docs = Checkout.File("docs");

    [Fact]
    public void The_site_lists_every_page()
    {
        var pages = Directory.EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Docs, f));
        var listed = File.ReadLines(Path.Combine(Docs, "toc.yml"))
            .Select(l => l.Trim())
            .Where(l => l.StartsWith("href: ", StringComparison.Ordinal));
        Assert.Equal(pages.Order(StringComparer.Ordinal), listed.Select(l => l["href: ".Length..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Links_lead_to_files_that_are_there()
    {
        string[] others = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "packages/README.md"];
        var pages = Directory
            .EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories)
            .Concat(others.Select(f => Checkout.File(f.Split('/'))));
        var links = pages
            .SelectMany(page => Link().Matches(File.ReadAllText(page)).Select(m => (page, target: m.Groups[1].Value)))
            .ToList();
        Assert.True(links.Count > 200);
        Assert.Empty(
            links.Where(l => !Path.Exists(Path.Combine(Path.GetDirectoryName(l.page)!, l.target))).Select(l => $"{l.page}: {l.target}")
        );
    }

    /// <summary>A link to a file, without what follows '#'.</summary>
    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)")]
    private static partial Regex Link();
}
