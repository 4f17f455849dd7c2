using System.ComponentModel;
using Attune.Core;
using Attune.Core.Options;
using Attune.Methods;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Tests.Binding;

public sealed class OptionSchemaTests
{
    /// <summary>Every record of the product that is filled from recipes: known by its descriptions.</summary>
    public static TheoryData<Type> RealRecords() =>
        [
            .. new[] { typeof(TrainingOptions).Assembly, typeof(OptionSchema).Assembly }
                .SelectMany(a => a.GetExportedTypes())
                .Where(IsDescribed),
        ];

    [Theory]
    [MemberData(nameof(RealRecords))]
    public void Every_key_of_the_products_options_is_described_and_every_default_is_in_range_and_survives_writing(Type record)
    {
        var schema = OptionSchema.Of(record);
        Assert.All(schema.ForCommandLine(), o => Assert.True(o.Option.Description.Length > 0, $"{record.Name}.{o.Key} has no description"));
        Assert.All(schema.ForCommandLine(), o => Assert.DoesNotContain('\n', o.Option.Description));
        var given = schema
            .Options.Where(o => o.IsRequired)
            .Aggregate(OptionNode.Mapping.Empty(Place.CommandLine), (node, o) => node.Set(o.Key, Example(o.Shape), o.OptionName));
        var problems = new ConfigurationProblems();
        var bound = Binder.Bind(record, given, "", null, problems);
        Assert.Empty(problems.InOrder());
        var written = RecipeWriter.Write(bound);
        Assert.Equal(written, RecipeWriter.Write(Binder.Bind(record, RecipeFile.Parse(written, "written.yaml"), "", null, problems)));
        Assert.Empty(problems.InOrder());
    }

    /// <summary>Something that a required key takes; a variant needs what its first case requires.</summary>
    private static string Example(OptionShape shape) =>
        shape switch
        {
            OptionShape.List => "[]",
            OptionShape.Variant variant => $"{{{variant.Cases[0].Key}: {{{Required(OptionSchema.Of(variant.Cases[0].Record))}}}}}",
            _ => "1",
        };

    private static string Required(OptionSchema schema) =>
        string.Join(", ", schema.Options.Where(o => o.IsRequired).Select(o => $"{o.Key}: {Example(o.Shape)}"));

    [Fact]
    public void Own_keys_come_first_then_the_bases_and_computed_properties_are_none() =>
        Assert.Equal(
            ["prompts", "preset", "kl_coefficient", "value_network", "missing_eos_score", "learning_rate", "batch_size", "lora"],
            OptionSchema.Of(typeof(SamplePpoStage)).Options.Select(o => o.Key)
        );

    [Fact]
    public void The_command_line_gets_names_hints_and_help()
    {
        var options = OptionSchema.Of(typeof(SamplePpoStage)).ForCommandLine().ToDictionary(o => o.Name);
        Assert.Equal("beta (0 to 1000; default 0.05)", options["--kl-coefficient"].Help);
        Assert.Equal("NUMBER", options["--kl-coefficient"].TypeHint);
        Assert.Equal("items of one step (1 to 1000000; default 64)", options["--batch-size"].Help);
        Assert.Equal("INT", options["--batch-size"].TypeHint);
        Assert.Equal("prompts to answer", options["--prompts"].Help);
        Assert.Equal("reward-model|policy|shared-trunk|k1", options["--value-network"].TypeHint);
        Assert.Equal("where the value network comes from (default policy)", options["--value-network"].Help);
        Assert.Equal("lora.targets", options["--lora-targets"].Key);
        Assert.Equal("layers to adapt (default [query, value])", options["--lora-targets"].Help);
        Assert.Equal("score in place of that of an endless answer", options["--missing-eos-score"].Help);
        Assert.DoesNotContain("--doubled", options.Keys);
    }

    [Fact]
    public void Options_of_the_command_line_fill_a_record_and_errors_name_the_option()
    {
        Assert.Equal(["[a", "b"], Given(("--prompts", "- a: b"), ("--lora-targets", "[\"[a\", b]")).Lora!.Targets);
        Assert.Equal(["x", "y"], Given(("--prompts", "p"), ("--lora-targets", "x, y")).Lora!.Targets);
        Assert.Equal("[x", Given(("--prompts", "[x")).Prompts);
        var thrown = Assert.Throws<ConfigurationException>(() => Given(("--kl-coefficient", "-1"), ("--lora-rank", "many")));
        Assert.Equal(
            [
                "--kl-coefficient is -1; expected 0 to 1000.",
                "--lora-rank is 'many'; expected a whole number.",
                "command line: --prompts is missing and has no default (prompts to answer).",
            ],
            thrown.Problems
        );
    }

    [Fact]
    public void Records_that_cannot_be_options_are_refused_when_the_schema_is_made()
    {
        Assert.Contains(
            "not an options record",
            Assert.Throws<ArgumentException>(() => OptionSchema.Of(typeof(SampleTraining))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "DateTime",
            Assert.Throws<ArgumentException>(() => OptionSchema.Of(typeof(WithDate))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Settable.Start can be set at any time",
            Assert.Throws<ArgumentException>(() => OptionSchema.Of(typeof(Settable))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "two keys for the option --lora-rank: lora_rank and lora.rank",
            Assert.Throws<ArgumentException>(() => OptionSchema.Of(typeof(Ambiguous)).ForCommandLine()).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "two properties for the key learning_rate",
            Assert.Throws<ArgumentException>(() => OptionSchema.Of(typeof(Doubled))).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0, int.MaxValue, "at least 0")]
    [InlineData(0, double.MaxValue, "at least 0")]
    [InlineData(1e-12, 1, "1e-12 to 1")]
    [InlineData(-1, 1_000_000, "-1 to 1000000")]
    public void A_range_is_told_without_bounds_that_mean_nothing(double minimum, double maximum, string told) =>
        Assert.Equal(told, new NumberRange(minimum, maximum, AboveMinimum: false, BelowMaximum: false).ToString());

    private static SamplePpoStage Given(params (string Name, string Value)[] given)
    {
        var options = OptionSchema.Of(typeof(SamplePpoStage)).ForCommandLine().ToDictionary(o => o.Name);
        return Binder.Bind<SamplePpoStage>(
            given.Aggregate(
                OptionNode.Mapping.Empty(Place.CommandLine),
                (node, g) => node.Set(options[g.Name].Key, options[g.Name].Read(g.Value))
            )
        );
    }

    private static bool IsDescribed(Type type) =>
        type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false }
        && type.GetProperties().Any(p => p.IsDefined(typeof(DescriptionAttribute), inherit: true))
        && type.GetConstructor(Type.EmptyTypes) is not null;

    public sealed record WithDate
    {
        public DateTime Start { get; init; }
    }

    public sealed record Settable
    {
        public int Start { get; set; }
    }

    public sealed record Ambiguous
    {
        public int LoraRank { get; init; }
        public SampleLora Lora { get; init; } = new();
    }

    public sealed record Doubled
    {
        public double LearningRate { get; init; }

        [Flatten]
        public SamplePpo Ppo { get; init; } = new();
    }
}
