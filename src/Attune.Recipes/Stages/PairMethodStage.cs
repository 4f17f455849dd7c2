using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Preference;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>Runs a method that learns from pairs: made from the method's card alone.</summary>
public sealed record PairMethodStage<TMethod> : Stage
    where TMethod : class, IPairMethod, new()
{
    [Flatten]
    public TMethod Method { get; init; } = new();

    [Flatten]
    public PreferenceTask Task { get; init; } = new();

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. MissingPolicy(given),
            .. ProblemsOfAdapter(Method.Training),
            .. ProblemsOfReference(Method.Reference?.Moves, Method.Training),
            .. Task.Missing(Kind, given),
        ];

    internal override IEnumerable<string?> LearnsFrom(Artifacts given) => LearnsFromLabels(given, Task.Labels.Data);

    internal override IEnumerable<string?> OnlyMeasuresWith => Task.OnlyMeasuresWith;

    public override async Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        using var models = new ReferencedPolicy(context, Method.Training, Task.Training.Reference.RefModel);
        var labels = Task.Read<Preference>(Kind, PreferenceSource.Pairs, Method.Data, context);
        var longest = Math.Min(Method.Data.MaxLength, models.ContextLength);
        var pairs = EncodedSplit.Of(
            labels.Rows,
            labels.Name,
            rows => models.Encoder.EncodeAll(rows, longest, Method.Data.Truncation),
            context
        );
        var reference = models.TrainingReference(Method.Reference);
        var fit = new PreferenceFit<PreferencePair>(this, Method, models)
        {
            Items = new EncodedSplit<PreferencePair>(
                WithReference(models, "train", pairs.Train, always: false),
                // Held-out pairs are asked about again and again: their reference is always computed once.
                WithReference(models, "held-out", pairs.HeldOut, always: true)
            )
            {
                HeldOutSystems = pairs.HeldOutSystems,
            },
            Chosen = [.. (pairs.HeldOut.IsEmpty ? pairs.Train : pairs.HeldOut).Select(p => p.Chosen)],
            Hash = labels.Hash,
            Preparation = new UpdatePreparation<PreferencePair>(batch => Method.Prepare(batch, models.Policy, reference)),
        };
        return await Task.Training.RunAsync(
            this,
            models,
            Method.Training,
            labels.Prompts,
            _ => fit.RunAsync(Method.Objective(models.Policy, reference), cancel),
            cancel
        );
    }

    private ImmutableArray<PreferencePair> WithReference(ReferencedPolicy models, string name, IReadOnlyList<TokenPair> pairs, bool always)
    {
        TokenSequence[] sequences = [.. pairs.Select(p => p.Chosen), .. pairs.Select(p => p.Rejected)];
        var known = Known(models, name, sequences, [.. pairs.Select(SharedLength), .. pairs.Select(SharedLength)], always);
        return
        [
            .. pairs.Select(
                (pair, i) =>
                    new PreferencePair(
                        pair,
                        known[i] is { } chosen && known[pairs.Count + i] is { } rejected ? new ReferenceLogProbs(chosen, rejected) : null
                    )
            ),
        ];
    }

    /// <summary>log pi_ref of the answers; where tails are weighted, of the whole answers and of their beginnings, mixed.</summary>
    private double?[] Known(ReferencedPolicy models, string name, TokenSequence[] answers, int[] shared, bool always)
    {
        if (Method.TailWeight == 1)
        {
            return models.KnownLogProbs(name, answers, Method.Reference, always);
        }

        var beginnings = answers.Zip(shared, (a, length) => a with { Tokens = a.Tokens[..(a.AnswerStart + length)] });
        var known = models.KnownLogProbs(name, [.. answers, .. beginnings], Method.Reference, always);
        return [.. answers.Select((_, i) => Method.TailWeight * known[i] + (1 - Method.TailWeight) * known[answers.Length + i])];
    }

    private static int SharedLength(TokenPair pair) => Math.Min(pair.Chosen.AnswerLength, pair.Rejected.AnswerLength);
}
