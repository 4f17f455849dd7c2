using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Experience;

namespace Attune.Recipes.Stages;

/// <summary>Trains by a file of preferences, with looks at the held-out items and at the chosen answers.</summary>
internal sealed class PreferenceFit<T>(Stage stage, IPreferenceMethod method, ReferencedPolicy models)
{
    private const int MostSystems = 8;

    public required EncodedSplit<T> Items { get; init; }

    /// <summary>Chosen answers that should not become less likely.</summary>
    public required IReadOnlyList<TokenSequence> Chosen { get; init; }

    public required DataHash Hash { get; init; }

    /// <summary>What an update's items need that only the update as a whole can tell.</summary>
    public required UpdatePreparation<T> Preparation { get; init; }

    /// <param name="objective">Made after the layers were frozen.</param>
    public async Task<TrainingOutcome> RunAsync(IObjective<T> objective, CancellationToken cancel)
    {
        var watch = new ChosenWatch(Chosen, models.Policy);
        var before = Evaluate(objective);
        var rounds = new DatasetExperience<T>(Items.Train, method.Training.BatchSize, method.Data.Epochs)
        {
            Shuffled = method.Data.Shuffle,
        };
        var experience = new PreferenceExperience<T>(rounds)
        {
            Evaluate = () => Evaluate(objective),
            EvaluateEvery = method.Data.EvaluateEvery,
            Watch = watch,
            Warn = models.Context.Note,
            Preparation = Preparation,
            MovingReference = method.Reference is { Moves.SyncRefModel: true } options
                ? new MovingReference(options.Moves, models.Policy, models.TrainingReference(options))
                : null,
        };
        var progress = await models.Context.FitAsync(objective, experience, method.Training, [Hash], stage.Title, cancel);
        var after = Evaluate(objective);
        if (watch.Look(progress.Updates) is { } warning)
        {
            after.Set("chosen_fell_at", progress.Updates);
            models.Context.Note(warning);
        }

        models.Context.LogEvaluation(progress, after);
        var figures = PreferenceFigures.Of(Items.Train.Length, Items.HeldOut.Length, before, after);
        AddSystems(figures, objective);
        figures["chosen_fell_at"] = watch.FellAt;
        return new TrainingOutcome(progress, figures);
    }

    /// <summary>Where the system prompt decides what is wanted, an answer may be right under one and wrong under the other.</summary>
    private void AddSystems(Dictionary<string, double> figures, IObjective<T> objective)
    {
        var systems = Items.HeldOutSystems.OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; systems.Length is >= 2 and <= MostSystems && i < systems.Length; i++)
        {
            T[] own = [.. Items.HeldOut.Where((_, item) => Items.HeldOutSystems[item] == systems[i])];
            PreferenceFigures.AddSystem(figures, i + 1, own.Length, Evaluate(objective, own));
            models.Context.Note($"{stage.Kind}: system/{i + 1} is \"{systems[i]}\" ({own.Length} held-out items)");
        }
    }

    private Metrics Evaluate(IObjective<T> objective) => Evaluate(objective, Items.HeldOut);

    private Metrics Evaluate(IObjective<T> objective, IReadOnlyList<T> items) =>
        items.Count == 0 ? new Metrics() : PreferenceEvaluation.Of(objective, Preparation.Look(items));
}
