using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Attune.Methods;

namespace Attune.Recipes.Tests.Stages;

/// <summary>docs/presets.md is made from the presets themselves.</summary>
public sealed class PresetPageTests
{
    /// <summary>After a change of a preset, write the page again: set ATTUNE_WRITE_SNAPSHOTS=1 and run this test.</summary>
    [Fact]
    public void The_page_of_presets_is_that_of_the_cards()
    {
        var path = Path.GetFullPath(Path.Combine(Folder(), "../../../docs/presets.md"));
        if (Environment.GetEnvironmentVariable("ATTUNE_WRITE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, Page());
        }

        Assert.Equal(Page(), File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_preset_says_what_it_does_not_reproduce() =>
        Assert.All(
            Cards().SelectMany(c => c.Presets),
            preset =>
            {
                Assert.EndsWith(".", preset.Source, StringComparison.Ordinal);
                Assert.EndsWith(".", preset.Unlike, StringComparison.Ordinal);
            }
        );

    private static IEnumerable<MethodCard> Cards() =>
        MethodRegistry.All.Where(c => c.Options.Assembly == typeof(MethodRegistry).Assembly && !c.Presets.IsEmpty);

    private static string Page()
    {
        var page = new StringBuilder(
            """
            # Presets
            <!-- made from the presets in src/Attune.Methods by PresetPageTests -->
            `preset: NAME` in a stage, or `--preset NAME` on its command, sets the numbers of a paper or of another library; other keys
            override them. Sizes are the source's too: make them smaller on a small machine. A run says what its preset does not reproduce.


            """
        );
        foreach (var card in Cards())
        {
            page.Append(CultureInfo.InvariantCulture, $"## {card.Name} (`attune {card.Command}`)\n");
            foreach (var preset in card.Presets)
            {
                var values = string.Join(", ", preset.Select(v => $"`{v.Key}: {Shown(v.Value)}`"));
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"### {preset.Name}\n- From: {preset.Source}\n- Not reproduced: {preset.Unlike}\n"
                );
                page.Append(CultureInfo.InvariantCulture, $"- Sets: {values}\n\n");
            }
        }

        return page.ToString().ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
    }

    private static string Shown(object value) =>
        value switch
        {
            bool truth => truth ? "true" : "false",
            Enum name => JsonNamingPolicy.KebabCaseLower.ConvertName(name.ToString()),
            string text => text.ReplaceLineEndings("\\n"),
            double number => number.ToString("0.##########", CultureInfo.InvariantCulture),
            IEnumerable many => $"[{string.Join(", ", many.Cast<object>().Select(Shown))}]",
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
