using Attune.Core;
using Attune.Methods.Preference;
using Attune.Training.Optimisation;

namespace Attune.Methods.Tests.Preference;

/// <summary>The presets against the papers' tables and their authors' code.</summary>
public sealed class PreferencePresetsTests
{
    [Fact]
    public void Dpo_2023()
    {
        // Rafailov et al. 2023, appendix B; clipping at 10 and 512 tokens from the authors' code.
        var preset = Named<DpoOptions>("dpo-2023");
        Assert.Equal(
            (0.1, 1e-6, 64, 10.0, 512),
            (preset.Beta, preset.Training.LearningRate, preset.Training.BatchSize, preset.Training.MaxGradNorm, preset.Data.MaxLength)
        );
        Assert.Equal(
            (ScheduleKind.Constant, DpoLoss.Sigmoid, 0.0),
            (preset.Training.Schedule, preset.LossType.Single(), preset.LabelSmoothing)
        );
    }

    [Fact]
    public void Zephyr()
    {
        // huggingface/alignment-handbook, recipes/zephyr-7b-beta/dpo/config_full.yaml: 8 rows, 2 accumulation steps, 8 devices.
        var preset = Named<DpoOptions>("zephyr-2023");
        Assert.Equal(
            (0.01, 5e-7, 128, 1024, 1.0),
            (preset.Beta, preset.Training.LearningRate, preset.Training.BatchSize, preset.Data.MaxLength, preset.Data.Epochs)
        );
        Assert.Equal((ScheduleKind.Cosine, 0.1), (preset.Training.Schedule, preset.Training.WarmupRatio));
        // lr_scheduler_type cosine of the transformers library ends at 0.
        Assert.Equal(0, preset.Training.LearningRateSchedule.At(100, 100), 1e-15);
    }

    [Fact]
    public void Tulu_3()
    {
        // Lambert et al. 2024: length-normalised DPO, beta 5, learning rate 5e-7 linear with a tenth of warm-up, batches of 128.
        var preset = Named<DpoOptions>("tulu3-2024");
        Assert.Equal(
            (5.0, 5e-7, 128, 2048, LogProbReduction.Averaged),
            (preset.Beta, preset.Training.LearningRate, preset.Training.BatchSize, preset.Data.MaxLength, preset.LogProbs)
        );
        Assert.Equal((ScheduleKind.Linear, 0.1), (preset.Training.Schedule, preset.Training.WarmupRatio));
    }

    [Fact]
    public void SimPo_2024()
    {
        // princeton-nlp/SimPO, training_configs/llama-3-8b-instruct-simpo.yaml: gamma_beta_ratio 0.55.
        var preset = Named<SimPoOptions>("simpo-2024");
        Assert.Equal((2.5, 1e-6, 128, 2048), (preset.Beta, preset.Training.LearningRate, preset.Training.BatchSize, preset.Data.MaxLength));
        Assert.Equal(0.55, preset.SimpoGamma / preset.Beta, 1e-12);
        Assert.Equal(0, preset.Training.LearningRateSchedule.At(100, 100), 1e-15);
    }

    [Fact]
    public void A_name_that_is_not_there_is_answered_with_those_of_the_method()
    {
        var problem = Assert.Throws<ConfigurationException>(() => Named<DpoOptions>("zephir-2023"));
        Assert.Contains("Did you mean 'zephyr-2023'?", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "simpo",
            Assert.Throws<ConfigurationException>(() => Named<DpoOptions>("x")).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ConfigurationException>(() => Named<SimPoOptions>("dpo-2023"));
    }

    private static T Named<T>(string name) => (T)MethodRegistry.Preset(typeof(T), name)!;
}
