using System.Runtime.CompilerServices;
using Attune.Methods;

namespace Attune.Recipes.Tests.Stages;

/// <summary>The README's table of methods is made from their cards.</summary>
public sealed class MethodTableTests
{
    private const string Begin = "<!-- methods: this table is made from the cards in src/Attune.Methods -->\n";
    private const string End = "<!-- end of methods -->";

    /// <summary>After a change of a card, write the table again: set ATTUNE_WRITE_SNAPSHOTS=1 and run this test.</summary>
    [Fact]
    public void The_table_in_the_readme_is_that_of_the_cards()
    {
        var path = Path.Combine(Root(), "README.md");
        var readme = File.ReadAllText(path).ReplaceLineEndings("\n");
        var start = readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = readme.IndexOf(End, start, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("ATTUNE_WRITE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, readme[..start] + Table() + readme[end..]);
            readme = File.ReadAllText(path);
            end = readme.IndexOf(End, start, StringComparison.Ordinal);
        }

        Assert.Equal(Table(), readme[start..end]);
    }

    [Fact]
    public void Every_method_has_a_page_in_the_docs() =>
        Assert.All(Own(), card => Assert.True(File.Exists(Path.Combine(Root(), Page(card)))));

    [Fact]
    public void A_preset_key_names_the_presets_there_are() =>
        Assert.All(
            Own().Where(c => !c.Presets.IsEmpty),
            card =>
            {
                var help = Binding.StageOptionsTests.DescriptionOf(card.Options, "preset");
                Assert.All(card.Presets, preset => Assert.Contains(preset.Name, help, StringComparison.Ordinal));
            }
        );

    /// <summary>Without those that other tests register.</summary>
    private static IEnumerable<MethodCard> Own() => MethodRegistry.All.Where(c => c.Options.Assembly == typeof(MethodRegistry).Assembly);

    private static string Page(MethodCard card) => $"docs/algorithms/{(card.Key == "reward" ? "reward-models" : card.Key)}.md";

    private static string Table() =>
        "| command | method | what it does | paper |\n|---|---|---|---|\n"
        + string.Concat(
            Own().Select(card => $"| `attune {card.Command}` | [{card.Name}]({Page(card)}) | {card.Summary} | {card.Paper ?? ""} |\n")
        );

    private static string Root([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../.."));
}
