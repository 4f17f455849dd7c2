using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Recipes.Running;

namespace Attune.Recipes.Stages;

/// <summary>A policy about to be trained, and the reference that it is held against.</summary>
internal sealed class ReferencedPolicy : IDisposable
{
    private readonly LanguageModel? _base;
    private readonly LanguageModel? _ownReference;
    private LanguageModel? _moving;

    /// <param name="refModel">The reference's folder; null for the model that training starts from.</param>
    public ReferencedPolicy(StageContext context, TrainingOptions training, string? refModel)
    {
        Context = context;
        (Policy, _base) = context.LoadLearner(training);
        try
        {
            _ownReference =
                refModel is not null ? ModelFiles.LoadLanguageModel(refModel)
                : _base is null ? Policy.Copy()
                : null;
            Reference = _ownReference ?? _base!;
            Encoder = context.LoadEncoder();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public StageContext Context { get; }
    public LanguageModel Policy { get; }
    public LanguageModel Reference { get; }
    public Encoder Encoder { get; }

    /// <summary>The longest row that both models can read, tokens.</summary>
    public int ContextLength => Math.Min(Policy.Config.ContextLength, Reference.Config.ContextLength);

    /// <summary>
    /// The reference that training holds the policy against: a copy where it is to follow the policy, since what is measured before and
    /// after is measured against the first.
    /// </summary>
    public LanguageModel TrainingReference(ReferenceOptions? options) =>
        options is { Moves.SyncRefModel: true } ? _moving ??= Reference.Copy() : Reference;

    /// <summary>
    /// log pi_ref as far as it is to be known beforehand: zeros without a reference, numbers where they are kept, else nothing.
    /// </summary>
    /// <param name="name">Of the file in the run folder that keeps them.</param>
    /// <param name="options">Null for a method without a reference.</param>
    /// <param name="always">Whether to compute them even where the options do not ask for it.</param>
    public double?[] KnownLogProbs(string name, IReadOnlyList<TokenSequence> sequences, ReferenceOptions? options, bool always) =>
        options is null || options.ReferenceFree ? [.. sequences.Select(_ => (double?)0)]
        : (always && !options.Moves.SyncRefModel) || options.PrecomputeRefLogProbs
            ? [.. ReferenceFile.LogProbs(Context, name, Reference, sequences).Select(p => (double?)p)]
        : new double?[sequences.Count];

    public void Dispose()
    {
        _moving?.Dispose();
        _ownReference?.Dispose();
        Policy.Dispose();
        _base?.Dispose();
    }
}
