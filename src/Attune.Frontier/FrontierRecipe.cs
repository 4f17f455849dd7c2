using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Options;
using Attune.Methods;
using Attune.Recipes.Binding;
using Attune.Recipes.Stages;
using Attune.Training.Rewards;

namespace Attune.Frontier;

/// <summary>
/// A board of methods: what all of them share, what each does with it, and over which settings. Every method, setting and seed is one
/// cell, an ordinary run of stages.
/// </summary>
public sealed record FrontierRecipe
{
    [Description("the board's name in reports")]
    public string Name { get; init; } = "frontier";

    [Description("model to start from: a folder in Hugging Face layout, or 'embedded'; leave it out if the base trains its own")]
    public string? Model { get; init; }

    [Description("seeds; each runs one base and one cell of each setting")]
    public ImmutableArray<ulong> Seeds { get; init; } = [1, 2, 3, 4, 5];

    [Description("stages that all methods share, run once a seed: fine-tuning, preferences, a reward model")]
    public required ImmutableArray<Stage> Base { get; init; }

    [Description("how every policy is measured")]
    [FormerKey("exam")]
    public FrontierEvaluationOptions Evaluation { get; init; } = new();

    [Description("the methods to compare")]
    public required ImmutableArray<FrontierMethod> Methods { get; init; }

    [Description("keep the trained models of all cells, not only their figures and reports")]
    public bool KeepModels { get; init; }

    /// <summary>Reads a frontier from its tree, every cell's recipe with it.</summary>
    /// <exception cref="ConfigurationException">Everything that is wrong with it, with file and line.</exception>
    public static FrontierRecipe Bind(OptionNode.Mapping node)
    {
        var recipe = Binder.Bind<FrontierRecipe>(node, presets: MethodRegistry.Preset);
        string[] problems =
        [
            .. recipe.Seeds.IsDefaultOrEmpty ? ["seeds is empty; a frontier needs at least one."]
            : recipe.Seeds.Distinct().Count() < recipe.Seeds.Length ? ["seeds names a seed twice."]
            : Array.Empty<string>(),
            .. recipe.Base.IsDefaultOrEmpty
                ? ["base is empty; it needs at least the stage that makes the policy or the reward model."]
                : Array.Empty<string>(),
            .. recipe.Methods.IsDefaultOrEmpty && recipe.Evaluation.BestOf.IsDefaultOrEmpty
                ? ["methods is empty; there is nothing to compare."]
                : Array.Empty<string>(),
            .. recipe
                .Methods.GroupBy(m => m.Name)
                .Where(g => g.Count() > 1)
                .Select(g => $"two methods are called {g.Key}; each needs a name of its own."),
            .. recipe.Methods.SelectMany(m => m.Problems()),
        ];
        return problems.Length == 0 ? recipe : throw new ConfigurationException([.. problems.Select(p => $"{node.Place}: {p}")]);
    }
}

/// <summary>One method of a board: ordinary stages, and the key whose values make its curve.</summary>
public sealed record FrontierMethod
{
    [Description("the method's name on the board")]
    public required string Name { get; init; }

    [Description("stages that the method runs after the base, in order")]
    public required ImmutableArray<Stage> Stages { get; init; }

    [Description("key to sweep, such as ppo.kl_coefficient (default: none, one setting)")]
    public string? Sweep { get; init; }

    [Description("values of the swept key, one cell each")]
    public ImmutableArray<string> Values { get; init; } = [];

    internal IEnumerable<string> Problems()
    {
        if (Stages.IsDefaultOrEmpty)
        {
            yield return $"method {Name} has no stages.";
        }

        if (Sweep is null != Values.IsDefaultOrEmpty)
        {
            yield return $"method {Name} has {(Sweep is null ? "values but no sweep" : "a sweep but no values")}; the two belong together.";
        }

        if (!Values.IsDefaultOrEmpty && Values.Distinct().Count() < Values.Length)
        {
            yield return $"method {Name} has a value twice.";
        }
    }
}

/// <summary>One measurement for all: the same prompts with the same seeds, independently of the method.</summary>
public sealed record FrontierEvaluationOptions
{
    [Description("held-out prompts: any file with prompts, reviews:held-out-prompts or tiny:prompts")]
    public string Prompts { get; init; } = "reviews:held-out-prompts";

    [Description("answers to measure with, one for each prompt; with more rows than prompts, prompts repeat with other seeds")]
    [Range(1, 1_000_000)]
    public int Rows { get; init; } = 256;

    [Description("longest answer, in tokens")]
    [Range(1, 100_000)]
    public int MaxNewTokens { get; init; } = 64;

    [Description("sampling temperature: below 1 more predictable, above 1 more varied")]
    [Range(0.01, 100)]
    public double Temperature { get; init; } = 1;

    [Description("hidden utility to measure with: reviews, tiny or tiny-proxy (default: that of the simulated annotators)")]
    public string? Gold { get; init; }

    [Description("terms of the proxy reward (default: the base's reward model)")]
    public ImmutableArray<RewardTerm> Proxy { get; init; } = [];

    [Description("values of n for best-of-n, all measured on one set of answers; leave it empty to skip best-of-n")]
    public ImmutableArray<int> BestOf { get; init; } = [];

    [Description("prompts for best-of-n; each gets as many answers as the largest n, or as draws if that is more")]
    [Range(1, 100_000)]
    public int BestOfPrompts { get; init; } = 64;

    [Description("answers to draw for each of those prompts; 0 for the largest n")]
    [Range(0, 1_000_000)]
    public int Draws { get; init; }
}
