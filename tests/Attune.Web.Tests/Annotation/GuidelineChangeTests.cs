using Attune.Web.Annotation;

namespace Attune.Web.Tests.Annotation;

public sealed class GuidelineChangeTests
{
    private static string[] Of(string before, string after) =>
        [
            .. GuidelineChange
                .Between(before, after)
                .Select(c =>
                    string.Concat(c.Before.Select(s => s.Changed ? $"[{s.Text}]" : s.Text))
                    + " => "
                    + string.Concat(c.After.Select(s => s.Changed ? $"[{s.Text}]" : s.Text))
                ),
        ];

    [Fact]
    public void Lines_that_are_alike_are_left_out_and_the_others_say_which_words_differ()
    {
        Assert.Empty(Of("# A\n\n- one\n", "# A\n- one  "));
        Assert.Equal([" => [- two]"], Of("- one\n- three", "- one\n- two\n- three"));
        Assert.Equal(["[- two] => "], Of("- one\n- two\n- three", "- one\n- three"));
        Assert.Equal(["- be [kind] to all => - be [fair] to all"], Of("- a\n- be kind to all\n- z", "- a\n- be fair to all\n- z"));
        Assert.Equal(
            ["[first] => ", "- be [kind] to all => - be [fair] to all", " => [last]"],
            Of("first\nsame 1\n- be kind to all\nsame 2", "same 1\n- be fair to all\nsame 2\nlast")
        );
        Assert.Equal([" => [all new]"], Of("", "all new"));
        Assert.Equal(["[nothing] => [entirely other words stand here]"], Of("nothing", "entirely other words stand here"));
    }
}
