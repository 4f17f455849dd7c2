using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Models.Adapters;
using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files;

/// <summary>PEFT's <c>adapter_config.json</c>.</summary>
internal static class AdapterConfigFile
{
    /// <summary>In the place of targets: the maps that the file of weights has.</summary>
    internal const string InFile = "*";

    /// <summary>Fields whose presence changes what an adapter computes, and which are not built.</summary>
    private static readonly string[] Unbuilt =
    [
        "layer_replication",
        "target_parameters",
        "trainable_token_indices",
        "megatron_config",
        "alora_invocation_tokens",
    ];

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
        // Attune's files of before, and PEFT's.
        "merge_weights",
        "enable_lora",
    };

    /// <exception cref="ModelFileException">It is absent, damaged, or of an adapter that is not built.</exception>
    internal static (AdapterConfig Config, string? Base) Read(string folder)
    {
        var path = Path.Combine(folder, AdapterFiles.ConfigFile);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var fields = new ConfigFields(path, document.RootElement);
            RefuseUnbuilt(fields);
            return (ConfigOf(fields), fields.Has("base_model_name_or_path") ? fields.Text("base_model_name_or_path") : null);
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read as JSON: {problem.Message}", problem);
        }
    }

    private static void RefuseUnbuilt(ConfigFields fields)
    {
        fields.Require("peft_type", "", "LORA");
        fields.Require("bias", "none", "none");
        fields.Refuse("lora_bias", "use_qalora");
        foreach (var name in Unbuilt)
        {
            fields.RefuseUnless(name, "[]", "{}");
        }

        foreach (var name in new[] { "rank_pattern", "alpha_pattern" })
        {
            fields.RefuseUnless(name, "{}");
        }

        // pissa, olora, corda, loftq and others put part of the base into the adapter, and what is left in its place.
        fields.RefuseUnless("init_lora_weights", "True", "False", "true", "false", "gaussian", "eva");
        foreach (var name in fields.Names.Where(n => !Known.Contains(n) && !Unbuilt.Contains(n)))
        {
            fields.RefuseUnless(name, "False", "[]", "{}", "");
        }
    }

    /// <summary>
    /// Whether the maps are chosen by more than the ends of their names: an expression, layers, exceptions. Then those whose matrices the
    /// file has are meant.
    /// </summary>
    private static bool ChoosesOtherwise(ConfigFields fields) =>
        fields.IsText("target_modules") || new[] { "layers_to_transform", "layers_pattern", "exclude_modules" }.Any(fields.Has);

    private static AdapterConfig ConfigOf(ConfigFields fields)
    {
        var (root, dora) = (fields.Flag("use_rslora", false), fields.Flag("use_dora", false));
        if (root && dora)
        {
            throw fields.Problem("use_dora", "is true beside use_rslora; supported is one of them");
        }

        var saved = fields.Texts("modules_to_save");
        if (saved.Except(["score", "classifier", "lm_head"]).ToArray() is { Length: > 0 } others)
        {
            throw fields.Problem("modules_to_save", $"names {string.Join(", ", others)}; supported are score and lm_head");
        }

        return new AdapterConfig
        {
            Kind =
                root ? AdapterKind.Rslora
                : dora ? AdapterKind.Dora
                : AdapterKind.Lora,
            Rank = fields.Number("r"),
            Alpha = fields.Real("lora_alpha", 8),
            Dropout = fields.Real("lora_dropout", 0),
            Targets = ChoosesOtherwise(fields) ? [InFile] : [.. fields.Texts("target_modules")],
            TrainsHead = saved.Contains("lm_head"),
        };
    }

    internal static void Write(string folder, Adapter adapter, TransformerConfig model, string? origin)
    {
        var scores = adapter.Weights.Find("score") is not null;
        var saved =
            scores ? "score"
            : adapter.Weights.Find("head") is not null ? "lm_head"
            : null;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("peft_type", "LORA");
            json.WriteString("task_type", scores ? "SEQ_CLS" : "CAUSAL_LM");
            json.WriteString("base_model_name_or_path", origin is null ? "" : Path.GetFullPath(origin));
            json.WriteNumber("r", adapter.Config.Rank);
            json.WriteNumber("lora_alpha", adapter.Config.Alpha);
            json.WriteNumber("lora_dropout", adapter.Config.Dropout);
            json.WriteBoolean("use_rslora", adapter.Config.Kind == AdapterKind.Rslora);
            json.WriteBoolean("use_dora", adapter.Config.Kind == AdapterKind.Dora);
            json.WriteString("bias", "none");
            // GPT-2's matrices lie [in, out] in files.
            json.WriteBoolean("fan_in_fan_out", model.Family == "gpt2");
            json.WriteBoolean("inference_mode", true);
            json.WriteStartArray("target_modules");
            foreach (var name in Names(adapter))
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            json.WriteStartArray("modules_to_save");
            if (saved is not null)
            {
                json.WriteStringValue(saved);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        AtomicFile.Write(Path.Combine(folder, AdapterFiles.ConfigFile), file => buffer.WriteTo(file));
    }

    /// <summary>The names that PEFT finds the same maps by; GPT-2 has two maps c_proj.</summary>
    private static IEnumerable<string> Names(Adapter adapter) =>
        adapter.Config.Targets.Contains(AdapterConfig.AllLinear)
            ? adapter.Sites.Select(s => s.Module[(s.Module.LastIndexOf('.') + 1)..]).Distinct()
            : adapter.Config.Targets;
}
