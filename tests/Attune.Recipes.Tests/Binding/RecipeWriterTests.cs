using System.Collections.Immutable;
using Attune.Core;
using Attune.Methods.Policy;
using Attune.Recipes.Binding;
using CsCheck;

namespace Attune.Recipes.Tests.Binding;

public sealed class RecipeWriterTests
{
    private static readonly Gen<double> Real = Gen.OneOf(
        Gen.Double.Where(double.IsFinite),
        Gen.Double.Unit,
        Gen.OneOf(0, -0.0, double.Epsilon, double.MaxValue, 1e-5, 1e21, double.PositiveInfinity, double.NegativeInfinity)
    );

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.OneOf(
            "",
            " ",
            "a b",
            " a",
            "a ",
            "a\nb",
            "\n",
            "\r\n",
            "a # b",
            "#a",
            "a: b",
            "a:",
            "- a",
            "-",
            "null",
            "~",
            "NULL",
            "true",
            "No",
            "1e-5",
            "007",
            ".inf",
            "0x1F",
            "1:30",
            "2020-01-01",
            "[a]",
            "{a}",
            "a, b",
            "'",
            "\"",
            "\\",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a",
            "?",
            "? a",
            "---",
            "...",
            "<<",
            "=",
            "🎬",
            "demö",
            "a\tb",
            "\u0085",
            "\u2028",
            "\ufeff",
            "\u00a0",
            "\u200b",
            "\u0007",
            "\0",
            "\ue000",
            "\ud834\udd1e",
            "reviews:documents",
            "../data/x.jsonl",
            "C:\\models",
            "<|endoftext|>"
        ),
        Gen.Char.Where(c => !char.IsSurrogate(c)).Array[0, 12].Select(c => new string(c)),
        Gen.Char[' ', '~'].Array[0, 20].Select(c => new string(c))
    );

    private static readonly Gen<SampleNetwork> Network = Gen.Enum<SampleNetwork>();

    private static readonly Gen<SampleLora> Lora = Gen.Select(
        Gen.Int[1, 1024],
        Text.Array[0, 3],
        (rank, targets) => new SampleLora { Rank = rank, Targets = [.. targets] }
    );

    private static readonly Gen<SampleStage> Stage = Gen.OneOf(
        Gen.Select(Text, Gen.Double[0.1, 10], (data, epochs) => (SampleStage)new SampleSftStage { Data = data, Epochs = epochs }),
        Gen.Select(
            Text,
            Gen.Double.Unit,
            Lora.Null(),
            Network,
            (prompts, kl, lora, network) =>
                (SampleStage)
                    new SamplePpoStage
                    {
                        Prompts = prompts,
                        Training = new() { KlCoefficient = kl, ValueNetwork = network },
                        Lora = lora,
                    }
        )
    );

    private static readonly Gen<SampleEverything> Everything =
        from numbers in Gen.Select(Gen.Int, Gen.Long, Gen.ULong, Real, Gen.Bool)
        from texts in Gen.Select(Text, Text.Null(), Network)
        from maybe in Gen.Select(Gen.Int.Nullable(), Real.Nullable(), Gen.Bool.Nullable(), Network.Nullable())
        from nested in Gen.Select(Lora, Lora.Null(), Stage.Null())
        from lists in Gen.Select(Real.Array[0, 3], Text.Array[0, 3], Network.Array[0, 3], Lora.Array[0, 3], Stage.Array[0, 3])
        from weights in Gen.Dictionary(Text, Real)[0, 3]
        select new SampleEverything
        {
            Whole = numbers.Item1,
            Large = numbers.Item2,
            Natural = numbers.Item3,
            Real = numbers.Item4,
            Flag = numbers.Item5,
            Text = texts.Item1,
            Maybe = texts.Item2,
            Network = texts.Item3,
            MaybeWhole = maybe.Item1,
            MaybeReal = maybe.Item2,
            MaybeFlag = maybe.Item3,
            MaybeNetwork = maybe.Item4,
            Nested = nested.Item1,
            MaybeNested = nested.Item2,
            Stage = nested.Item3,
            Reals = [.. lists.Item1],
            Texts = lists.Item2,
            Networks = [.. lists.Item3],
            Records = lists.Item4,
            Stages = [.. lists.Item5],
            Weights = weights.ToImmutableSortedDictionary(StringComparer.Ordinal),
        };

    [Fact]
    public void Law_what_is_written_reads_back_equal() =>
        Everything.Sample(
            options =>
            {
                var text = RecipeWriter.Write(options);
                var read = Binder.Bind<SampleEverything>(RecipeFile.Parse(text, "written.yaml"));
                Assert.Equivalent(options, read, strict: true);
                Assert.Equal(text, RecipeWriter.Write(read));
            },
            iter: 3000
        );

    [Fact]
    public void Law_real_numbers_read_back_to_the_same_bits() =>
        Real.Sample(real =>
            Assert.Equal(
                BitConverter.DoubleToInt64Bits(real),
                BitConverter.DoubleToInt64Bits(
                    Binder
                        .Bind<SampleEverything>(RecipeFile.Parse(RecipeWriter.Write(new SampleEverything { Real = real }), "written.yaml"))
                        .Real
                )
            )
        );

    [Fact]
    public void A_recipe_is_written_with_every_key_and_its_meaning() =>
        Assert.Equal(
            """
            name: demo  # for reports
            seed: 7  # all chance derives from it
            model: null  # where to start
            stages:  # what to do
              - sft:
                  data: reviews:demonstrations  # demonstrations
                  epochs: 1e-5  # passes over the data
                  test_split: 0  # share kept for evaluation
                  max_steps: 0  # stop here; 0 for never
              - ppo:
                  prompts: "#1: \"best\"\n"  # prompts to answer
                  preset: null  # start from a paper's numbers
                  kl_coefficient: 0.05  # beta
                  value_network: shared-trunk  # where the value network comes from
                  missing_eos_score: -1  # score in place of that of an endless answer
                  learning_rate: 0.0001  # peak learning rate
                  batch_size: 64  # items of one step
                  lora:  # low-rank updates instead of full weights
                    rank: 8  # rank of the update
                    targets: [query, "null"]  # layers to adapt

            """,
            RecipeWriter.Write(
                new SampleRecipe
                {
                    Name = "demo",
                    Seed = 7,
                    Stages =
                    [
                        new SampleSftStage { Data = "reviews:demonstrations", Epochs = 1e-5 },
                        new SamplePpoStage
                        {
                            Prompts = "#1: \"best\"\n",
                            Training = new() { ValueNetwork = SampleNetwork.SharedTrunk, MissingEosScore = -1 },
                            Lora = new() { Targets = ["query", "null"] },
                        },
                    ],
                }
            )
        );

    [Fact]
    public void Records_of_a_list_begin_beside_their_dash() =>
        Assert.Contains(
            """
            records:
              - rank: 2  # rank of the update
                targets: []  # layers to adapt
              - rank: 8  # rank of the update
                targets: [query, value]  # layers to adapt

            """,
            RecipeWriter.Write(new SampleEverything { Records = [new() { Rank = 2, Targets = [] }, new()] }),
            StringComparison.Ordinal
        );

    [Fact]
    public void Ppo_options_survive_writing_and_reading()
    {
        var options = new PpoOptions
        {
            Kl = new() { KlCoefficient = 0.15 },
            Scores = new() { MissingEosScore = -1 },
            ValueNetwork = ValueNetwork.SharedTrunk,
            Training = new PpoOptions().Training with { AdamEpsilon = 1e-5 },
        };
        var read = Binder.Bind<PpoOptions>(RecipeFile.Parse(RecipeWriter.Write(options), "written.yaml"), "ppo");
        // Lists are compared by what they hold, which records of immutable arrays do not.
        Assert.Equal(options.Sampling.Stop, read.Sampling.Stop);
        Assert.Equal(options, read with { Sampling = read.Sampling with { Stop = options.Sampling.Stop } });
    }

    [Fact]
    public void A_head_with_named_stages_is_written_as_one_recipe()
    {
        var text = RecipeWriter.Write(
            new SampleLora(),
            [new("sft", new SampleSftStage()), new("ppo", new SamplePpoStage { Prompts = "p" })]
        );
        var recipe = RecipeFile.Parse(text, "written.yaml");
        Assert.Equal("8", ((OptionNode.Scalar)recipe.At("rank")!).Text);
        Assert.Equal("p", ((OptionNode.Scalar)recipe.At("stages.ppo.prompts")!).Text);
    }

    [Fact]
    public void What_no_recipe_can_hold_is_refused()
    {
        Assert.Throws<AttuneException>(() => RecipeWriter.Write(new SampleEverything { Real = double.NaN }));
        Assert.Throws<AttuneException>(() => RecipeWriter.Write(new SampleEverything { Text = "\ud83c" }));
    }
}
