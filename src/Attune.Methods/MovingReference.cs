using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Models.Architecture;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Methods;

/// <summary>The group of options that lets a reference follow the policy. Names and defaults are TRL's.</summary>
public sealed record MovingReferenceOptions
{
    [Description(
        "let the reference follow the policy (TR-DPO): every ref_model_sync_steps updates by ref_model_mixup_alpha of the way; with 1 step "
            + "and a small share it is a moving average of the policy"
    )]
    public bool SyncRefModel { get; init; }

    [Description("share of the way to the policy that the reference goes at once (the paper's alpha); 1 makes it the policy")]
    [Range(0, 1)]
    public double RefModelMixupAlpha { get; init; } = 0.6;

    [Description("updates between the reference's moves (the paper's tau)")]
    [Range(1, 1_000_000)]
    public int RefModelSyncSteps { get; init; } = 512;
}

/// <summary>
/// TR-DPO, Gorbatovski et al. 2024 (arXiv:2404.09656): every so many updates the reference moves a share of the way to the policy, so
/// that the policy may go far while each stretch stays near its beginning.
/// </summary>
/// <param name="reference">A copy of its own: it is overwritten.</param>
public sealed class MovingReference(MovingReferenceOptions options, LanguageModel policy, LanguageModel reference)
{
    /// <summary>What a checkpoint must keep, since no data tell it.</summary>
    public IReadOnlyList<FlatParameters> Weights { get; } = [WithMaster(reference)];

    /// <summary>Moves the reference where this is the beginning of a stretch.</summary>
    /// <param name="updates">Done so far.</param>
    public void Follow(long updates)
    {
        if (updates > 0 && updates % options.RefModelSyncSteps == 0)
        {
            Mix(reference.Weights, policy.Weights, options.RefModelMixupAlpha);
        }
    }

    /// <summary>reference := alpha policy + (1 - alpha) reference, the soft update; alpha 1 is the hard one.</summary>
    public static void Mix(FlatParameters reference, FlatParameters policy, double alpha)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        reference.Exact.mul_(1 - alpha).add_(policy.Exact, alpha);
        reference.Round();
    }

    private static FlatParameters WithMaster(LanguageModel model)
    {
        model.Weights.AttachMaster();
        return model.Weights;
    }
}
