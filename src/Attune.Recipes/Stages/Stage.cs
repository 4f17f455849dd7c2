using System.ComponentModel;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Methods;
using Attune.Models.Weights;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>
/// One stage of a recipe. A stage is its options, and knows how to run: it reads what the stages before handed over,
/// works in its own folder, and hands its product on.
/// </summary>
[Variant("tokenizer", typeof(TokenizerStage))]
[Variant("pretrain", typeof(PretrainStage))]
[Variant("preferences", typeof(PreferencesStage))]
[Variant("best-of-n", typeof(BestOfNStage))]
[Variant("online", typeof(OnlineStage))]
[Variant("ai-feedback", typeof(AiFeedbackStage))]
[Variant("judge", typeof(JudgeStage))]
[Variant("span-feedback", typeof(SpanFeedbackStage))]
[Variant("step-feedback", typeof(StepFeedbackStage))]
[Variant("principles", typeof(PrinciplesStage))]
[VariantsFrom(typeof(MethodStages))]
public abstract record Stage
{
    /// <summary>Its key in a recipe: that of its method, unless it is a stage without one.</summary>
    public virtual string Kind => Card.Key;

    [Description(
        "chat template: a file of Jinja, or, for a model that has none of its own, chatml, llama2, llama3 or plain; it is saved with "
            + "the model (default: the model's own, or else ChatML)"
    )]
    public string? Template { get; init; }

    [Description("which columns of data files stand for which fields, where their names are others: prompt=question,chosen=answer_a")]
    public string? Columns { get; init; }

    [Description("an evaluation set: rows of data files that share a run of 13 words with it are left out, and counted")]
    public string? Decontaminate { get; init; }

    /// <summary>One line for the person who watches.</summary>
    public virtual string Purpose => Card.Summary;

    /// <summary>Its name in reports.</summary>
    public virtual string Title => Card.Name;

    private MethodCard Card => MethodStages.CardOf(GetType());

    /// <summary>What this stage needs and will not find, each one sentence: files too, since it is asked before anything runs.</summary>
    public abstract IEnumerable<string> Missing(PlannedArtifacts given);

    /// <summary>What the stages after this one find: a policy, unless the stage makes more.</summary>
    public virtual PlannedArtifacts After(PlannedArtifacts given) => given;

    /// <summary>Which of what was handed over it learns from: folders and files whose labels are then behind what it makes.</summary>
    internal virtual IEnumerable<string?> LearnsFrom(Artifacts given) => [given.Policy];

    /// <summary>The same of a stage that learns from labels: those handed over, unless it names its own.</summary>
    internal static IEnumerable<string?> LearnsFromLabels(Artifacts given, string? own) =>
        own is null ? [given.Policy, given.Preferences, given.HeldOutPreferences] : [given.Policy];

    /// <summary>Of its options, what it is only measured with: no teacher.</summary>
    internal virtual IEnumerable<string?> OnlyMeasuresWith => [];

    /// <summary>Whom it asks that a dry run must not: people, or a model at an endpoint; null for nobody.</summary>
    internal virtual string? AsksOutside => null;

    /// <summary>Runs to the end; resumes by itself where its folder holds a checkpoint.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint was written where there was something to keep.</exception>
    public abstract Task<StageResult> RunAsync(StageContext context, CancellationToken cancel);

    /// <summary>What of an adapter's options cannot be.</summary>
    /// <param name="samples">Whether the method learns from what it samples while it learns.</param>
    protected IEnumerable<string> ProblemsOfAdapter(TrainingOptions options, bool samples = false)
    {
        if (options.Lora.R > 0 && options.FrozenLayers > 0)
        {
            yield return $"{Kind}.frozen_layers is {options.FrozenLayers}, but with an adapter (lora.r) all layers are frozen. Leave "
                + "frozen_layers out.";
        }

        if (options.Lora.R > 0 && options.Lora.Dropout > 0 && samples)
        {
            yield return $"{Kind}.lora.dropout is {options.Lora.Dropout}; expected 0: answers are weighed by how much likelier the policy "
                + "makes them now, which dropout would blur.";
        }

        if (options.Lora.R == 0 && options.Lora.Base != BaseQuantization.None)
        {
            var name = options.Lora.Base.ToString().ToLowerInvariant();
            yield return $"{Kind}.lora.base is {name}, but lora.r is 0: quantised weights cannot be trained. Give lora.r.";
        }
    }

    /// <summary>What a run with its preset does not reproduce; null without a preset.</summary>
    internal string? NoteOfPreset()
    {
        // In the stage's own record, or in the method's, which is a group of it.
        var name = new object?[] { this }
            .Concat(GetType().GetProperties().Where(p => p.IsDefined(typeof(FlattenAttribute), false)).Select(p => p.GetValue(this)))
            .Select(o => o?.GetType().GetProperty("Preset")?.GetValue(o) as string)
            .FirstOrDefault(n => n is not null);
        return name is not null && Card.Presets.FirstOrDefault(p => p.Name == name) is { } preset
            ? $"preset {name}: {preset.Unlike} docs/presets.md has its source and numbers."
            : null;
    }

    /// <summary>Settings of the reference that the policy's adapter forbids.</summary>
    /// <param name="moves">Null for a method whose reference stays.</param>
    protected IEnumerable<string> ProblemsOfReference(MovingReferenceOptions? moves, TrainingOptions training) =>
        moves is { SyncRefModel: true } && training.Lora.R > 0
            ?
            [
                $"{Kind}.sync_ref_model is true, but with an adapter (lora.r) the reference is the base that both share and cannot follow. "
                    + "Leave one of them out.",
            ]
            : [];

    /// <summary>The sentence about a missing model, where there is none.</summary>
    protected IEnumerable<string> MissingPolicy(PlannedArtifacts given) => given.Policy ? [] : [StageContext.NeedsModel(Kind)];
}
