using System.Runtime.CompilerServices;
using Attune.Core;
using Attune.Recipes.Sources;
using Attune.Testing;

namespace Attune.Recipes.Tests.Sources;

public sealed class ConstitutionFileTests
{
    [Theory]
    [InlineData("general.yaml", 12)]
    [InlineData("reviews.yaml", 2)]
    public void The_constitutions_that_are_shipped_can_be_read(string file, int principles) =>
        Assert.Equal(principles, ConstitutionFile.Read(Path.Combine(Folder(), file)).Principles.Length);

    [Fact]
    public void Everything_that_is_wrong_is_told_with_its_line_and_field()
    {
        using var folder = new TemporaryFolder();
        folder.WriteText(
            "c.yaml",
            """
            title: t
            principles:
              - id: one
                title: first
                critque_request: What is wrong?
                revision_request: Mend it.
                comparison_question: Which is better?
                weight: heavy
              - title: second
                applies_to: sometimes
            """
        );
        var problems = Assert.Throws<ConfigurationException>(() => ConstitutionFile.Read(folder.File("c.yaml"))).Problems;
        Assert.Contains(
            problems,
            p => p.Contains("c.yaml:5: principles.0.critque_request is not a key here. Did you mean", StringComparison.Ordinal)
        );
        Assert.Contains(problems, p => p.Contains("c.yaml:8: principles.0.weight is 'heavy'; expected a number", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("principles.1.id is missing", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Contains("c.yaml:10: principles.1.applies_to is 'sometimes'; expected", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("title: t\nprinciples: []", "principles is empty; expected one or more")]
    [InlineData("title: t\nprinciples: [{id: a, title: b, applies_to: revision}]", "'a' has no critique_request or no revision_request")]
    [InlineData("title: t\nprinciples: [{id: a, title: b, applies_to: comparison}]", "'a' has no comparison_question")]
    [InlineData(
        "title: t\nprinciples: [{id: a, title: b, applies_to: comparison, comparison_question: c}, "
            + "{id: a, title: b, applies_to: comparison, comparison_question: c}]",
        "the id 'a' stands twice"
    )]
    public void A_constitution_that_says_nothing_is_refused(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.WriteText("c.yaml", text);
        var problem = Assert.Throws<ConfigurationException>(() => ConstitutionFile.Read(folder.File("c.yaml")));
        Assert.Contains(expected, string.Join('\n', problem.Problems), StringComparison.Ordinal);
    }

    private static string Folder([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../../recipes/constitutions"));
}
