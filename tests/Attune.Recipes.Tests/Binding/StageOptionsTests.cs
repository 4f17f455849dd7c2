using System.Runtime.CompilerServices;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Tests.Binding;

/// <summary>What users can write about each stage stays what it was, whatever the options records look like inside.</summary>
public sealed class StageOptionsTests
{
    /// <summary>
    /// A change of the file is a change for users. After a wanted one, write it again: set ATTUNE_WRITE_SNAPSHOTS=1 and run this test.
    /// </summary>
    [Fact]
    public void Keys_types_and_defaults_of_all_stages_are_those_of_the_committed_list()
    {
        var path = Path.Combine(Folder(), "StageOptions.txt");
        var actual =
            string.Join('\n', Stages().OrderBy(s => s.Name, StringComparer.Ordinal).SelectMany(s => Lines(s.Name, s.Record))) + "\n";
        if (Environment.GetEnvironmentVariable("ATTUNE_WRITE_SNAPSHOTS") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), actual);
    }

    internal static string DescriptionOf(Type record, string key) => OptionSchema.Of(record).Options.Single(o => o.Key == key).Description;

    /// <summary>Without the stages of methods that other tests register.</summary>
    private static IEnumerable<(string Name, Type Record)> Stages()
    {
        var stages = OptionSchema.Of(typeof(Recipe)).Options.Single(o => o.Key == "stages");
        var variant = Assert.IsType<OptionShape.Variant>(Assert.IsType<OptionShape.List>(stages.Shape).Item);
        return variant
            .Cases.Where(c => !c.Record.GenericTypeArguments.Append(c.Record).Any(t => t.Assembly == typeof(StageOptionsTests).Assembly))
            .Select(c => (c.Key, c.Record));
    }

    private static IEnumerable<string> Lines(string stage, Type record) =>
        OptionSchema
            .Of(record)
            .ForCommandLine()
            .Select(o =>
                $"{stage} {o.Name} {o.Key} {o.TypeHint} {(o.Option.IsRequired ? "required" : $"default {o.Default ?? "-"}")} "
                + $"{o.Option.Range?.ToString() ?? "-"}"
            );

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
