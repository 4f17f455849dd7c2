using System.Collections.Immutable;

namespace Attune.Recipes.Binding;

/// <summary>
/// What TRL and transformers call options, and what does the same here: who comes from there is told the name, in whatever spelling the
/// other one is given (<c>--per_device_train_batch_size</c>, <c>perDeviceTrainBatchSize</c>).
/// </summary>
public static class NamesElsewhere
{
    /// <summary>Theirs; ours, of which the first that a command has is meant; and what is to be known.</summary>
    private static readonly (string Theirs, string[] Ours, string Remark)[] Table =
    [
        ("modelnameorpath", ["model"], ""),
        ("model_name", ["model"], ""),
        ("datasetname", ["data", "prompts"], "It takes a file"),
        ("dataset", ["data", "prompts"], "It takes a file"),
        ("evaldata", ["held_out_data", "held_out_prompts"], ""),
        ("evaldataset", ["held_out_data", "held_out_prompts"], "It takes a file"),
        ("datasettestsplit", ["test_split"], "It takes a share of the rows"),
        ("maxsamples", ["rows"], ""),
        ("maxtrainsamples", ["rows"], ""),
        ("outputdir", ["out"], ""),
        ("resumefromcheckpoint", ["resume_from", "resume"], ""),
        ("overwriteoutputdir", ["out"], "A run folder is never overwritten: choose a new one"),
        ("pretrainedmodelnameorpath", ["model"], ""),
        ("numtrainepochs", ["epochs", "total_episodes"], ""),
        ("nepochs", ["epochs"], ""),
        (
            "perdevicetrainbatchsize",
            ["batch_size"],
            "It counts the items of a whole optimiser step: multiply by gradient_accumulation_steps"
        ),
        ("trainbatchsize", ["batch_size"], ""),
        ("perdeviceevalbatchsize", ["microbatch_size"], ""),
        (
            "gradientaccumulationsteps",
            ["microbatch_size"],
            "batch_size is that of a whole step, microbatch_size what goes through the model at once"
        ),
        ("lr", ["learning_rate"], ""),
        ("lrschedulertype", ["schedule"], ""),
        ("numwarmupsteps", ["warmup_steps"], ""),
        ("optimadambeta1", ["adam_beta1"], ""),
        ("clipgradnorm", ["max_grad_norm"], ""),
        ("gradnorm", ["max_grad_norm"], ""),
        ("savesteps", ["checkpoint_every"], ""),
        ("savestrategy", ["checkpoint_every"], ""),
        ("savetotallimit", ["keep_checkpoints"], ""),
        ("loadbestmodelatend", ["keep_best"], ""),
        ("evalsteps", ["evaluate_every"], ""),
        ("evalstrategy", ["evaluate_every"], ""),
        ("evaluationstrategy", ["evaluate_every"], ""),
        ("loggingsteps", ["tracking"], "Every update is logged"),
        ("loggingdir", ["tracking"], "The files lie in the stage's folder"),
        ("reportto", ["tracking"], ""),
        ("dataseed", ["seed"], ""),
        ("bf16", ["precision"], "Write bf16 as its value"),
        ("fp16", ["precision"], "There are f32 and bf16"),
        ("dtype", ["precision"], "There are f32 and bf16"),
        ("torchdtype", ["precision"], "There are f32 and bf16"),
        ("usepeft", ["lora_r"], "Above 0, an adapter is trained"),
        ("lorarank", ["lora_r"], ""),
        ("loratargetmodules", ["lora_targets"], ""),
        ("loramodulestosave", ["lora_head"], ""),
        ("usedora", ["lora_type"], "Write dora as its value"),
        ("userslora", ["lora_type"], "Write rslora as its value"),
        ("loadin4bit", ["lora_base"], "Write nf4 as its value"),
        ("loadin8bit", ["lora_base"], "Write int8 as its value"),
        ("maxseqlength", ["max_length"], ""),
        ("maxseqlen", ["max_length"], ""),
        ("cutofflen", ["max_length"], ""),
        ("truncationmode", ["truncation"], ""),
        ("completiononlyloss", ["assistant_only_loss"], "Of prompts and completions the completions alone are learned"),
        ("chattemplatepath", ["template"], ""),
        ("beta", ["kl_coefficient"], ""),
        ("klcoef", ["kl_coefficient"], ""),
        ("initklcoef", ["kl_coefficient"], ""),
        ("klestimator", ["kl_estimator"], ""),
        ("epsilon", ["clip_range"], ""),
        ("cliprange", ["clip_range"], ""),
        ("epsilonhigh", ["clip_range_high"], ""),
        ("delta", ["dual_clip"], ""),
        ("cliprangevalue", ["value_clip_range"], ""),
        ("vfcoef", ["value_coefficient"], ""),
        ("lam", ["lambda"], ""),
        ("numppoepochs", ["ppo_epochs"], ""),
        ("maxcompletionlength", ["max_new_tokens"], ""),
        ("responselength", ["max_new_tokens"], ""),
        ("maxpromptlength", ["prompt_tokens", "max_length"], ""),
        ("numsamplegenerations", ["evaluation_prompts"], ""),
        ("rlook", ["num_generations"], ""),
        ("metricforbestmodel", ["keep_best"], "It goes by held-out loss, accuracy or reward"),
        ("rewardmodelpath", ["reward_model"], ""),
        ("rewardmodelnameorpath", ["reward_model"], ""),
        ("rewardfuncs", ["reward"], "docs/rewards.md has the terms"),
        ("stopsequences", ["stop"], ""),
        ("importancesamplinglevel", ["importance_level"], ""),
        ("masktruncatedcompletions", ["mask_truncated"], ""),
        ("topentropyquantile", ["top_entropy"], ""),
        ("generationbatchsize", ["rollout_batch_size"], ""),
        ("vllmimportancesamplingcorrection", ["sampler_correction_mode"], ""),
        ("usebiascorrectionkl", ["kl_bias_correction"], ""),
        ("missingeospenalty", ["missing_eos_penalty"], ""),
        ("syncrefmodel", ["sync_ref_model"], ""),
        ("refmodelnameorpath", ["ref_model"], ""),
        ("refmodelmixupalpha", ["ref_model_mixup_alpha"], ""),
        ("centerrewardscoefficient", ["center_rewards_coefficient"], ""),
        ("pushtohub", [], "A run stays on this machine; runs/NAME/final is a folder in Hugging Face layout"),
        ("usevllm", [], "Answers are drawn by the engine inside"),
        ("ddpfindunusedparameters", [], "A run uses one machine"),
        ("deepspeed", [], "A run uses one machine"),
    ];

    private static readonly ImmutableDictionary<string, (string[] Ours, string Remark)> ByName = Table.ToImmutableDictionary(
        t => Bare(t.Theirs),
        t => (t.Ours, t.Remark)
    );

    /// <summary>Every name that is offered.</summary>
    internal static IEnumerable<string> Offered => Table.SelectMany(t => t.Ours).Distinct();

    /// <summary>A sentence about a name that is not known here, or an empty string where it is not one of theirs either.</summary>
    /// <param name="known">What is known, spelt as it is to be written: <c>--batch-size</c> or <c>batch_size</c>.</param>
    public static string For(string name, IEnumerable<string> known)
    {
        var own = known.Distinct().GroupBy(Bare).ToDictionary(g => g.Key, g => g.First());
        if (own.TryGetValue(Bare(name), out var same))
        {
            return same == name ? "" : $" Did you mean '{same}'?";
        }

        if (!ByName.TryGetValue(Bare(name), out var there))
        {
            return "";
        }

        var remark = there.Remark.Length > 0 ? $" {there.Remark}." : "";
        return there.Ours.Select(o => own.GetValueOrDefault(Bare(o))).FirstOrDefault(o => o is not null) is { } ours
                ? $" It is called '{ours}' here.{remark}"
            : there.Ours.Length == 0 ? $" It has no counterpart here.{remark}"
            : "";
    }

    private static string Bare(string name) => string.Concat(name.Where(char.IsLetterOrDigit).Select(char.ToLowerInvariant));
}
