using System.Collections.Immutable;
using Attune.Methods.Preference;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Preference;

/// <summary>
/// A preset states every number that its source names, also where it is the method's default today. The tables are the sources', key by
/// key; where a preset inherits a number, or has another, this fails.
/// </summary>
public sealed class PresetNumbersTests
{
    private static readonly Dictionary<string, (string Key, object Value)[]> Sources = new()
    {
        // Rafailov et al. 2023, appendix B; config/config.yaml of eric-mitchell/direct-preference-optimization.
        ["dpo dpo-2023"] =
        [
            ("loss_type", ImmutableArray.Create(DpoLoss.Sigmoid)),
            ("label_smoothing", 0),
            ("log_probs", LogProbReduction.Summed),
            ("beta", 0.1),
            ("epochs", 1),
            ("learning_rate", 1e-6),
            ("schedule", ScheduleKind.Constant),
            ("batch_size", 64),
            ("max_grad_norm", 10),
            ("max_length", 512),
        ],
        // huggingface/alignment-handbook, recipes/zephyr-7b-beta/dpo/config_full.yaml.
        ["dpo zephyr-2023"] =
        [
            ("beta", 0.01),
            ("epochs", 1),
            ("learning_rate", 5e-7),
            ("schedule", ScheduleKind.Cosine),
            ("min_lr_rate", 0),
            ("warmup_ratio", 0.1),
            ("batch_size", 128),
            ("max_length", 1024),
        ],
        // Lambert et al. 2024, table of DPO hyperparameters, 8B.
        ["dpo tulu3-2024"] =
        [
            ("beta", 5),
            ("log_probs", LogProbReduction.Averaged),
            ("epochs", 1),
            ("learning_rate", 5e-7),
            ("schedule", ScheduleKind.Linear),
            ("warmup_ratio", 0.1),
            ("batch_size", 128),
            ("max_length", 2048),
        ],
        // princeton-nlp/SimPO, training_configs/llama-3-8b-instruct-simpo.yaml: gamma_beta_ratio 0.55.
        ["simpo simpo-2024"] =
        [
            ("beta", 2.5),
            ("simpo_gamma", 1.375),
            ("epochs", 1),
            ("learning_rate", 1e-6),
            ("schedule", ScheduleKind.Cosine),
            ("min_lr_rate", 0),
            ("warmup_ratio", 0.1),
            ("batch_size", 128),
            ("max_length", 2048),
        ],
    };

    [Fact]
    public void Every_preset_of_the_preference_methods_states_what_its_source_names()
    {
        var presets = MethodRegistry
            .All.Where(c => c.Options.Namespace == typeof(DpoOptions).Namespace)
            .SelectMany(c => c.Presets.Select(p => (Name: $"{c.Key} {p.Name}", Preset: p)))
            .ToDictionary(p => p.Name, p => p.Preset);
        Assert.Equal(Sources.Keys.Order(StringComparer.Ordinal), presets.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            Sources,
            source =>
                Assert.All(
                    source.Value,
                    number =>
                    {
                        Assert.Contains(number.Key, presets[source.Key].Keys);
                        Assert.Equal(number.Value, presets[source.Key][number.Key]);
                    }
                )
        );
    }
}
