using System.Text.Json;
using Attune.Core.Files;
using Attune.Models.Adapters;
using Attune.Models.Configuration;

namespace Attune.Models.Files;

/// <summary>PEFT's <c>adapter_config.json</c>, as Attune writes it; <see cref="PeftConfig"/> reads it.</summary>
internal static class AdapterConfigFile
{
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
