using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Models.Adapters;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files;

/// <summary>What PEFT's <c>adapter_config.json</c> says of an adapter, as far as it decides what the adapter computes.</summary>
internal sealed record PeftConfig
{
    /// <summary>Fields whose presence changes what an adapter computes, and which are not built.</summary>
    private static readonly string[] Unbuilt = ["layer_replication", "target_parameters", "megatron_config", "alora_invocation_tokens"];

    /// <summary>All other fields of a LoRA that are read, checked, or change nothing once it is trained.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "peft_type",
        "peft_version",
        "task_type",
        "base_model_name_or_path",
        "parent_library",
        "revision",
        "inference_mode",
        "auto_mapping",
        "r",
        "lora_alpha",
        "lora_dropout",
        "target_modules",
        "exclude_modules",
        "layers_to_transform",
        "layers_pattern",
        "fan_in_fan_out",
        "bias",
        "lora_bias",
        "modules_to_save",
        "ensure_weight_tying",
        "use_rslora",
        "use_dora",
        "use_qalora",
        "qalora_group_size",
        "init_lora_weights",
        "loftq_config",
        "eva_config",
        "megatron_core",
        "runtime_config",
        "rank_pattern",
        "alpha_pattern",
        "trainable_token_indices",
        // Attune's files of before, and PEFT's.
        "merge_weights",
        "enable_lora",
    };

    private string Path { get; init; } = "";

    /// <summary>The model that it was trained on, as it is written there.</summary>
    internal string? Base { get; private init; }

    private int Rank { get; init; }

    private double Alpha { get; init; }

    private double Dropout { get; init; }

    private PeftPattern Ranks { get; init; } = PeftPattern.None;

    private PeftPattern Alphas { get; init; } = PeftPattern.None;

    private bool UsesRoot { get; init; }

    internal bool UsesDora { get; private init; }

    /// <summary>
    /// Ends of the names of the maps that it changes; null where they are chosen otherwise, by an expression, layers, exceptions. Then
    /// those are meant that the file of weights has matrices for.
    /// </summary>
    internal ImmutableArray<string>? Targets { get; private init; }

    /// <summary>Modules that are in the file whole.</summary>
    internal ImmutableArray<string> Saved { get; private init; } = [];

    /// <summary>Tokens whose rows of an embedding are in the file, by the end of the embedding's name; empty for the model's own.</summary>
    internal ImmutableArray<(string Module, int[] Tokens)> Tokens { get; private init; } = [];

    /// <summary>Whether a head that is the embedding changes with it.</summary>
    internal bool TiesHead { get; private init; }

    /// <summary>
    /// Which biases are in the file, in the place of the base's: "none", "lora_only" (of the maps that it changes) or "all".
    /// </summary>
    internal string Biases { get; private init; } = "none";

    /// <summary>What this has that cannot be trained on here, only merged, by the names of its fields.</summary>
    private ImmutableArray<string> MergedOnly { get; init; } = [];

    internal bool IsTrainable => MergedOnly.IsEmpty;

    internal int RankOf(string module) => (int)(Ranks.Of(module) ?? Rank);

    /// <summary>What B A is multiplied by.</summary>
    internal double ScaleOf(string module) => (Alphas.Of(module) ?? Alpha) / (UsesRoot ? Math.Sqrt(RankOf(module)) : RankOf(module));

    /// <exception cref="ModelFileException">It is absent, damaged, or of an adapter that is not built.</exception>
    internal static PeftConfig Read(string folder)
    {
        var path = System.IO.Path.Combine(folder, AdapterFiles.ConfigFile);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var fields = new ConfigFields(path, document.RootElement);
            RefuseUnbuilt(fields);
            return Of(fields) with { Path = path };
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read as JSON: {problem.Message}", problem);
        }
    }

    /// <summary>The shape of such an adapter to be trained on, on weights that it shares with others.</summary>
    /// <param name="inFile">The maps that the file has matrices for.</param>
    /// <exception cref="ModelFileException">It has something that can only be merged.</exception>
    internal AdapterConfig ForTraining(ImmutableArray<string> inFile) =>
        IsTrainable
            ? new AdapterConfig
            {
                Kind =
                    UsesRoot ? AdapterKind.Rslora
                    : UsesDora ? AdapterKind.Dora
                    : AdapterKind.Lora,
                Rank = Rank,
                Alpha = Alpha,
                Dropout = Dropout,
                Targets = Targets ?? inFile,
                TrainsHead = Saved.Contains("lm_head"),
            }
            : throw new ModelFileException(
                $"{Path} has {string.Join(" and ", MergedOnly)}, with which an adapter can be used and merged but not trained on. "
                    + "Merge it first (attune model merge) and train on the merged model."
            );

    private static void RefuseUnbuilt(ConfigFields fields)
    {
        fields.Require("peft_type", "", "LORA");
        fields.Require("bias", "none", "none", "lora_only", "all");
        fields.Refuse("use_qalora");
        foreach (var name in Unbuilt)
        {
            fields.RefuseUnless(name, "[]", "{}");
        }

        // pissa, olora, corda, loftq and others put part of the base into the adapter, and what is left in its place.
        fields.RefuseUnless("init_lora_weights", "True", "False", "true", "false", "gaussian", "eva");
        foreach (var name in fields.Names.Where(n => !Known.Contains(n) && !Unbuilt.Contains(n)))
        {
            fields.RefuseUnless(name, "False", "[]", "{}", "");
        }
    }

    private static PeftConfig Of(ConfigFields fields)
    {
        var otherwise =
            fields.IsText("target_modules") || new[] { "layers_to_transform", "layers_pattern", "exclude_modules" }.Any(fields.Has);
        var config = new PeftConfig
        {
            Base = fields.Has("base_model_name_or_path") ? fields.Text("base_model_name_or_path") : null,
            Rank = fields.Number("r") is >= 1 and <= 4096 and var rank ? rank : throw fields.Problem("r", "is no rank; expected 1 to 4096"),
            Alpha = fields.Real("lora_alpha", 8) is > 0 and var alpha ? alpha : throw fields.Problem("lora_alpha", "is not above 0"),
            Biases = fields.Has("bias") ? fields.Text("bias") : "none",
            Dropout = fields.Real("lora_dropout", 0),
            Ranks = PeftPattern.Read(fields, "rank_pattern"),
            Alphas = PeftPattern.Read(fields, "alpha_pattern"),
            UsesRoot = fields.Flag("use_rslora", false),
            UsesDora = fields.Flag("use_dora", false),
            Targets = otherwise ? null : [.. fields.Texts("target_modules")],
            Saved = [.. fields.Texts("modules_to_save")],
            Tokens = TokensOf(fields),
            TiesHead = fields.Flag("ensure_weight_tying", false),
        };
        return config with { MergedOnly = [.. config.NotTrained(fields)] };
    }

    private IEnumerable<string> NotTrained(ConfigFields fields)
    {
        (string Name, bool Used)[] parts =
        [
            ("rank_pattern", !Ranks.IsEmpty),
            ("alpha_pattern", !Alphas.IsEmpty),
            ("use_dora beside use_rslora", UsesDora && UsesRoot),
            ("bias", Biases != "none"),
            ("lora_bias", fields.Flag("lora_bias", false)),
            ("trainable_token_indices", !Tokens.IsEmpty),
            ("modules_to_save", Saved.Except(["score", "classifier", "lm_head"]).Any()),
            ("ensure_weight_tying", TiesHead),
            ("an embedding or a head among target_modules", Targets is { } t && t.Intersect(EndModules).Any()),
        ];
        return parts.Where(p => p.Used).Select(p => p.Name);
    }

    /// <summary>Ends of the names of embeddings and heads.</summary>
    private static readonly string[] EndModules = ["embed_tokens", "wte", "embed_in", "lm_head", "embed_out"];

    private static ImmutableArray<(string Module, int[] Tokens)> TokensOf(ConfigFields fields) =>
        fields.Section("trainable_token_indices") is { } section ? [.. section.Names.Select(n => (n, Whole(section, n)))]
        : fields.Has("trainable_token_indices") && Whole(fields, "trainable_token_indices") is { Length: > 0 } all ? [("", all)]
        : [];

    private static int[] Whole(ConfigFields fields, string name)
    {
        var numbers = fields.Reals(name) ?? [];
        return numbers.All(n => n is >= 0 and <= int.MaxValue && n == Math.Floor(n))
            ? [.. numbers.Select(n => (int)n)]
            : throw fields.Problem(name, "has a number that is no token; expected whole numbers of at least 0");
    }
}
