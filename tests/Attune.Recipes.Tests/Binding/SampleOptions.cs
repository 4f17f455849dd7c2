using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Options;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Tests.Binding;

public enum SampleNetwork
{
    RewardModel,
    Policy,
    SharedTrunk,
    K1,
}

public abstract record SampleTraining
{
    [Description("peak learning rate")]
    [Range(0, 1)]
    public double LearningRate { get; init; } = 1e-4;

    [Description("items of one step")]
    [Range(1, 1_000_000)]
    public int BatchSize { get; init; } = 32;

    public double Doubled => LearningRate * 2;
}

public sealed record SamplePpo : SampleTraining
{
    public SamplePpo() => BatchSize = 64;

    [Description("start from a paper's numbers")]
    public string? Preset { get; init; }

    [Description("beta")]
    [Range(0, 1000)]
    public double KlCoefficient { get; init; } = 0.05;

    [Description("where the value network comes from")]
    public SampleNetwork ValueNetwork { get; init; } = SampleNetwork.Policy;

    [Description("score in place of that of an endless answer")]
    public double? MissingEosScore { get; init; }
}

public sealed record SampleLora
{
    [Description("rank of the update")]
    [Range(1, 1024)]
    public int Rank { get; init; } = 8;

    [Description("layers to adapt")]
    public ImmutableArray<string> Targets { get; init; } = ["query", "value"];
}

[Variant("ppo", typeof(SamplePpoStage))]
[Variant("sft", typeof(SampleSftStage))]
public abstract record SampleStage
{
    public abstract string Kind { get; }
}

public sealed record SamplePpoStage : SampleStage
{
    public override string Kind => "ppo";

    [Description("prompts to answer")]
    public required string Prompts { get; init; }

    [Flatten]
    public SamplePpo Training { get; init; } = new();

    [Description("low-rank updates instead of full weights")]
    public SampleLora? Lora { get; init; }
}

public sealed record SampleSftStage : SampleStage, IValidatableObject
{
    public override string Kind => "sft";

    [Description("demonstrations")]
    public string Data { get; init; } = "reviews";

    [Description("passes over the data")]
    [Range(0, 1000, MinimumIsExclusive = true)]
    public double Epochs { get; init; } = 1;

    [Description("share kept for evaluation")]
    [Range(0, 1)]
    public double TestSplit { get; init; }

    [Description("stop here; 0 for never")]
    public int MaxSteps { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        TestSplit == 1 && MaxSteps == 0 ? [new("test_split leaves nothing to learn from.", [nameof(TestSplit)])] : [];
}

public sealed record SampleRecipe
{
    [Description("for reports")]
    public required string Name { get; init; }

    [Description("all chance derives from it")]
    public ulong Seed { get; init; } = 1;

    [Description("where to start")]
    public string? Model { get; init; }

    [Description("what to do")]
    public ImmutableArray<SampleStage> Stages { get; init; } = [];
}

/// <summary>Every type that options can hold.</summary>
public sealed record SampleEverything
{
    public int Whole { get; init; }
    public long Large { get; init; }
    public ulong Natural { get; init; }
    public double Real { get; init; }
    public bool Flag { get; init; }
    public string Text { get; init; } = "";
    public string? Maybe { get; init; }
    public SampleNetwork Network { get; init; }
    public int? MaybeWhole { get; init; }
    public double? MaybeReal { get; init; }
    public bool? MaybeFlag { get; init; }
    public SampleNetwork? MaybeNetwork { get; init; }
    public SampleLora Nested { get; init; } = new();
    public SampleLora? MaybeNested { get; init; }
    public ImmutableArray<double> Reals { get; init; } = [];
    public IReadOnlyList<string> Texts { get; init; } = [];
    public ImmutableArray<SampleNetwork> Networks { get; init; } = [];
    public IReadOnlyList<SampleLora> Records { get; init; } = [];
    public ImmutableArray<SampleStage> Stages { get; init; } = [];
    public SampleStage? Stage { get; init; }
    public IReadOnlyDictionary<string, double> Weights { get; init; } = ImmutableSortedDictionary<string, double>.Empty;
}
