using Attune.Methods;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;

namespace Attune.Recipes.Tests.Binding;

public sealed class NamesElsewhereTests
{
    /// <summary>What stands beside a stage's options on the command line.</summary>
    private static readonly string[] OfEveryCommand = ["model", "out", "seed", "tracking", "resume", "resume_from"];

    [Fact]
    public void Every_name_that_is_offered_is_an_option_of_some_method()
    {
        var options = MethodRegistry
            .All.Select(MethodStages.RecordOf)
            .OfType<Type>()
            .SelectMany(r => OptionSchema.Of(r).ForCommandLine())
            .Select(o => o.Name[2..].Replace('-', '_'))
            .Concat(OfEveryCommand)
            .ToHashSet();
        Assert.All(NamesElsewhere.Offered, name => Assert.Contains(name, options));
    }

    [Theory]
    [InlineData("per_device_train_batch_size", " It is called 'batch_size' here. It counts the items of a whole optimiser step")]
    [InlineData("saveTotalLimit", " It is called 'keep_checkpoints' here.")]
    [InlineData("batchSize", " Did you mean 'batch_size'?")]
    public void A_name_is_known_in_any_spelling(string name, string expected) =>
        Assert.StartsWith(expected, NamesElsewhere.For(name, ["batch_size", "keep_checkpoints"]), StringComparison.Ordinal);

    [Theory]
    [InlineData("save_steps")]
    [InlineData("nonsense")]
    [InlineData("batch_size")]
    public void Nothing_is_said_of_names_that_have_no_counterpart_among_the_known(string name) =>
        Assert.Equal("", NamesElsewhere.For(name, ["batch_size"]));
}
