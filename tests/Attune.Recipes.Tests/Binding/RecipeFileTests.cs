using System.Globalization;
using System.Text;
using Attune.Core;
using Attune.Recipes.Binding;
using Attune.Testing;
using CsCheck;

namespace Attune.Recipes.Tests.Binding;

public sealed class RecipeFileTests
{
    [Fact]
    public void Each_node_knows_its_line_and_column()
    {
        var recipe = RecipeFile.Parse("# a comment\nname: demo\n\nstages:\n  - sft:\n      epochs: 3\n", "demo.yaml");
        Assert.Equal(new Place("demo.yaml", 6, 15), recipe.At("sft.epochs")!.Place);
        Assert.Equal(new Place("demo.yaml", 2, 1), recipe.Find("name")!.Place);
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_do_no_harm()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("bom.yaml");
        File.WriteAllBytes(path, [.. Encoding.UTF8.Preamble, .. "name: demö 🎬\r\nseed: 3\r\n"u8]);
        var recipe = Binder.Bind<SampleRecipe>(RecipeFile.Read(path));
        Assert.Equal(("demö 🎬", 3UL), (recipe.Name, recipe.Seed));
    }

    [Theory]
    [InlineData("", "demo.yaml is empty; expected a recipe: keys such as name, model and stages.")]
    [InlineData("# nothing but this\n", "demo.yaml is empty; expected a recipe: keys such as name, model and stages.")]
    [InlineData("---\n", "demo.yaml is empty; expected a recipe: keys such as name, model and stages.")]
    [InlineData("- a\n- b\n", "demo.yaml:1: the file is a list; expected keys such as name, model and stages.")]
    [InlineData("hello\n", "demo.yaml:1: the file is a single value; expected keys such as name, model and stages.")]
    [InlineData("name: a\nseed: 1\nname: b\n", "demo.yaml:3: key 'name' stands twice in one mapping; first at demo.yaml:1.")]
    [InlineData("a:\n  b: 1\n\tc: 2\n", "demo.yaml:3: the line is indented with a tab; YAML wants spaces.")]
    [InlineData(
        "a: &x 1\nb: *x\n",
        "demo.yaml:1: anchors (&) and aliases (*) are not used in recipes; write the value out, or quote text that begins so."
    )]
    [InlineData(
        "a: *x\n",
        "demo.yaml:1: anchors (&) and aliases (*) are not used in recipes; write the value out, or quote text that begins so."
    )]
    [InlineData(
        "a: !!python/object:os.system x\n",
        "demo.yaml:1: the tag 'tag:yaml.org,2002:python/object:os.system' is not used in recipes; leave it out, or quote text "
            + "that begins with !."
    )]
    [InlineData("a: 1\n---\nb: 2\n", "demo.yaml:2: a second document begins here; a recipe is one document, without ---.")]
    [InlineData("a: 1\nb: \0\nc: 3\n", "demo.yaml:2: the character U+0000 is not allowed; write it \"\\u0000\" if it is meant.")]
    [InlineData("? [a, b]\n: 1\n", "demo.yaml:1: a key is a list or a mapping; expected a word.")]
    public void What_is_no_recipe_is_refused_with_one_clear_message(string yaml, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigurationException>(() => RecipeFile.Parse(yaml, "demo.yaml")).Message);

    [Theory]
    [InlineData("a: [1, 2\nb: 3\n")]
    [InlineData("a: 'unfinished\n")]
    [InlineData("a: \"\\q\"\n")]
    [InlineData("a: {b: 1\n")]
    [InlineData("a: b: c\n")]
    [InlineData("a\nb: 1\n")]
    [InlineData("%YAML 9.9\n---\na: 1\n")]
    [InlineData("a: @b\n")]
    public void Malformed_text_is_one_message_with_a_line(string yaml)
    {
        var thrown = Assert.Throws<ConfigurationException>(() => RecipeFile.Parse(yaml, "demo.yaml"));
        Assert.Matches(@"\Ademo\.yaml:[1-9]\d*: not valid YAML: .+\.\z", Assert.Single(thrown.Problems));
        Assert.DoesNotContain("Idx", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_billion_laughs_are_refused_at_the_first_anchor()
    {
        var laughs = new StringBuilder("a0: &a0 [ha, ha, ha]\n");
        for (var i = 1; i < 30; i++)
        {
            laughs.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n");
        }

        Assert.StartsWith(
            "demo.yaml:1: anchors",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Parse(laughs.ToString(), "demo.yaml")).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Deep_nesting_is_refused_before_it_fills_the_stack(string level)
    {
        var deep = "a:\n  " + string.Concat(Enumerable.Repeat(level, 50_000));
        Assert.Contains(
            "nested more than 32 levels deep",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Parse(deep, "demo.yaml")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Files_that_are_no_text_are_named()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("bad.yaml");
        File.WriteAllBytes(path, [.. "name: a\nmodel: "u8, 0xC3, 0x28, (byte)'\n']);
        Assert.Equal(
            $"{path}:2: the text is not UTF-8; save the file as UTF-8.",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Read(path)).Message
        );
        File.WriteAllBytes(path, [0xFF, 0xFE, (byte)'a', 0]);
        Assert.Equal(
            $"{path}:1: the text is not UTF-8; save the file as UTF-8.",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Read(path)).Message
        );
        File.WriteAllBytes(path, new byte[2_000_000]);
        Assert.Contains(
            "2000000 bytes",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Read(path)).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            $"{folder.Path} is a folder; expected a recipe, a .yaml file.",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Read(folder.Path)).Message
        );
        Assert.Equal(
            $"{path}x does not exist; expected a recipe, a .yaml file.",
            Assert.Throws<ConfigurationException>(() => RecipeFile.Read(path + "x")).Message
        );
    }

    [Fact]
    public void Law_any_text_is_read_or_refused_with_a_plan_exception() =>
        Gen.OneOf(
                "a",
                ": ",
                "- ",
                "\n",
                "  ",
                "[",
                "]",
                "{",
                "}",
                "\"",
                "'",
                "&x",
                "*x",
                "!t",
                "|",
                ">",
                "#",
                "\t",
                "?",
                "---",
                "...",
                "%",
                "\\",
                "\u0085",
                "\ud83c\udfac",
                "\ud83c",
                "\0",
                "<<",
                ",",
                "1"
            )
            .Array[0, 30]
            .Sample(
                parts =>
                {
                    try
                    {
                        RecipeFile.Parse(string.Concat(parts), "demo.yaml");
                    }
                    catch (ConfigurationException problem)
                    {
                        Assert.StartsWith("demo.yaml", problem.Message, StringComparison.Ordinal);
                    }
                },
                iter: 10_000
            );
}
