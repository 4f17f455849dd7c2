using Attune.Core;
using Attune.Training.Optimisation;

namespace Attune.Methods.Preference;

/// <summary>
/// Direct methods with the numbers of papers and their authors' code. Their batches and lengths are for large models: override them on
/// small machines.
/// </summary>
public static class PreferencePresets
{
    private static readonly Dictionary<string, PreferenceOptions> All = new(StringComparer.Ordinal)
    {
        ["dpo-2023"] = Dpo2023,
        ["zephyr-2023"] = Zephyr,
        ["tulu3-2024"] = Tulu3,
        ["simpo-2024"] = SimPo2024,
    };

    /// <summary>The preset of this name for these options.</summary>
    /// <exception cref="ConfigurationException">There is none.</exception>
    public static T Named<T>(string name)
        where T : PreferenceOptions
    {
        var names = All.Where(p => p.Value is T).Select(p => p.Key).ToArray();
        return All.GetValueOrDefault(name) as T
            ?? throw new ConfigurationException(
                $"preset '{name}' is not known; there are {string.Join(", ", names)}.{Suggestion.For(name, names)}"
            );
    }

    /// <summary>Rafailov et al. 2023, appendix B, with AdamW in place of RMSprop and a share in place of 150 warm-up steps.</summary>
    public static DpoOptions Dpo2023 =>
        new()
        {
            Beta = 0.1,
            LearningRate = 1e-6,
            Schedule = ScheduleKind.Constant,
            WarmupRatio = 0.05,
            BatchSize = 64,
            MaxGradNorm = 10,
            MaxLength = 512,
        };

    /// <summary>Zephyr's recipe in the alignment handbook (recipes/zephyr-7b-beta/dpo/config_full.yaml at 19f0345), on 8 devices.</summary>
    public static DpoOptions Zephyr =>
        new()
        {
            Beta = 0.01,
            LearningRate = 5e-7,
            Schedule = ScheduleKind.Cosine,
            WarmupRatio = 0.1,
            BatchSize = 128,
            MaxLength = 1024,
        };

    /// <summary>Lambert et al. 2024 (Tulu 3, arXiv:2411.15124), 8B: length-normalised DPO.</summary>
    public static DpoOptions Tulu3 =>
        new()
        {
            Beta = 5,
            LogProbs = LogProbReduction.Averaged,
            LearningRate = 5e-7,
            Schedule = ScheduleKind.Linear,
            WarmupRatio = 0.1,
            BatchSize = 128,
            MaxLength = 2048,
        };

    /// <summary>
    /// Meng et al. 2024, from the authors' code (training_configs/llama-3-8b-instruct-simpo.yaml at 15c4ff8): gamma is 0.55 beta.
    /// </summary>
    public static SimPoOptions SimPo2024 =>
        new()
        {
            Beta = 2.5,
            SimpoGamma = 1.375,
            LearningRate = 1e-6,
            Schedule = ScheduleKind.Cosine,
            WarmupRatio = 0.1,
            BatchSize = 128,
            MaxLength = 2048,
        };
}
