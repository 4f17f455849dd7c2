using System.Collections.Immutable;
using System.Globalization;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Data.Sources;
using Attune.Methods;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Models.Gguf;
using Attune.Models.Weights;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Training;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Tokens;

namespace Attune.Recipes.Running;

/// <summary>Where a stage works: its folder, its seed, the log, and what earlier stages handed over.</summary>
public sealed class StageContext(
    string stage,
    string folder,
    Seed seed,
    EventLog log,
    IRunScreen screen,
    IPerson? person,
    Artifacts artifacts
)
{
    private readonly List<string> _notes = [];
    private readonly SortedDictionary<string, double> _leftOut = new(StringComparer.Ordinal);

    /// <summary>The stage's name in the run.</summary>
    public string Name => stage;

    public string Folder => folder;
    public string FinalFolder => Path.Combine(folder, "final");
    public Seed Seed => seed;
    public IRunScreen Screen => screen;
    public IPerson? Person => person;

    /// <summary>Opens feedback stores; null in a program that has none.</summary>
    public IFeedbackStores? Stores { get; init; }

    /// <summary>A built-in chat template's name, for a model that has none of its own.</summary>
    public string? Template { get; init; }

    /// <summary>Which columns of its data files stand for which fields; null where their names say it.</summary>
    public ColumnMap? Columns { get; init; }

    /// <summary>An evaluation set whose texts must not be learned; null for none.</summary>
    public string? Decontaminate { get; init; }

    /// <summary>Read by the stage at its start, replaced at its end.</summary>
    public Artifacts Artifacts { get; set; } = artifacts;

    public ImmutableArray<string> Notes => [.. _notes];

    /// <summary>Rows left out so far, by reason, under metric names: <c>left_out/chosen_equals_rejected</c>.</summary>
    public IReadOnlyDictionary<string, double> LeftOut => _leftOut;

    /// <summary>A remark for the report: what was dropped, why something stopped.</summary>
    public void Note(string text)
    {
        _notes.Add(text);
        screen.Note(text);
    }

    /// <summary>Notes what encoding or reading left out.</summary>
    public void NoteDropped(IEnumerable<Data.DroppedRows> dropped, string what)
    {
        foreach (var rows in dropped)
        {
            Note($"{what}: {rows}");
            _leftOut[rows.MetricName] = _leftOut.GetValueOrDefault(rows.MetricName) + rows.Count;
        }
    }

    /// <param name="precision">That of the options it is trained by; F32 where it is only read.</param>
    /// <exception cref="ModelFileException">Absent or damaged, or the tokenizer is another model's.</exception>
    public LanguageModel LoadPolicy(Precision precision = Precision.F32)
    {
        var folder = RequirePolicy();
        ModelTokenizer.Require(LoadTokenizer(), folder, ModelConfigFile.Read(folder));
        return ModelFiles.LoadLanguageModel(folder, precision);
    }

    /// <summary>
    /// The policy as a stage trains it. With an adapter, its base comes too: it shares the weights, stays what the policy begins as, and is
    /// to be disposed of after it.
    /// </summary>
    /// <exception cref="ModelFileException">As for <see cref="LoadPolicy"/>.</exception>
    /// <exception cref="ConfigurationException">The adapter fits no such model.</exception>
    public (LanguageModel Policy, LanguageModel? Base) LoadLearner(TrainingOptions options)
    {
        if (options.Lora.Config is not { } config)
        {
            return (LoadPolicy(options.Precision), null);
        }

        var origin = LoadBase(options);
        try
        {
            var policy = origin.Adapted(config, Seed.For("adapter"));
            var trained = policy.Learner.Slots.Sum(s => s.Length);
            Note(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{stage}: an adapter of {trained:N0} parameters is trained "
                        + $"({options.Lora.Type.ToString().ToLowerInvariant()}, r {config.Rank}, alpha {config.Alpha:g4}); the "
                        + $"model's own stay as they are"
                )
            );
            return (policy, origin);
        }
        catch
        {
            origin.Dispose();
            throw;
        }
    }

    /// <summary>The policy as the base of adapters, quantised where the options say so.</summary>
    public LanguageModel LoadBase(TrainingOptions options)
    {
        var folder = RequirePolicy();
        ModelTokenizer.Require(LoadTokenizer(), folder, ModelConfigFile.Read(folder));
        var origin = ModelFiles.LoadLanguageModel(folder, options.Precision, options.Lora.Base);
        if (options.Lora.Base == BaseQuantization.File && GgufMatrices.Note(folder) is { } note)
        {
            Note(note);
        }

        return origin;
    }

    /// <exception cref="AttuneException">No such store or project, or this program cannot open stores.</exception>
    public Task<IStoredProject> OpenStoreAsync(string database, string project, CancellationToken cancel) =>
        Stores is null
            ? throw new ConfigurationException(
                $"stage {stage} reads a feedback store, which this program cannot open. Run it by `attune run`."
            )
            : Stores.OpenAsync(database, project, cancel);

    public string RequirePolicy() => Artifacts.Policy ?? throw new ConfigurationException(NeedsModel(stage));

    internal static string NeedsModel(string stage) =>
        $"stage {stage} needs a model: put `model: DIR` (or `model: embedded`) at the top of the recipe, or give --model DIR.";

    public ITokenizer LoadTokenizer() => LoadText().Tokenizer;

    /// <summary>The model's tokenizer and its chat template; what does not fit together between them is noted once.</summary>
    public Encoder LoadEncoder()
    {
        var text = LoadText();
        foreach (var warning in text.Warnings.Except(_notes))
        {
            Note(warning);
        }

        return new Encoder(text.Tokenizer, text.Template);
    }

    private ChatText LoadText() => ChatText.Load(Artifacts.Tokenizer ?? RequirePolicy(), Template);

    /// <summary>
    /// Freezes the lower layers that the options name, and has the others computed again on the way back where they say so.
    /// </summary>
    /// <exception cref="ConfigurationException">There are fewer layers than that.</exception>
    public void FreezeLayers(TransformerModel model, TrainingOptions options)
    {
        if (options.FrozenLayers > model.Config.Layers)
        {
            throw new ConfigurationException(
                $"{stage}.frozen_layers is {options.FrozenLayers}, but the model has {model.Config.Layers} layers."
            );
        }

        model.Trunk.Recompute = options.GradientCheckpointing;
        if (options.FrozenLayers > 0 && model.Adapter is not null)
        {
            throw new ConfigurationException(
                $"{stage}.frozen_layers is {options.FrozenLayers}, but with an adapter all layers are frozen. Leave frozen_layers out."
            );
        }

        if (options.FrozenLayers > 0)
        {
            model.Weights.Freeze(options.FrozenLayers);
        }
    }

    /// <summary>Writes evaluation figures that belong to no round.</summary>
    public void LogEvaluation(Progress progress, Metrics metrics) =>
        log.Append(new RunEvent(log.NextSequence, stage, "evaluation", progress.Round, progress.Updates, progress.Items, metrics.Means()));

    public void LogSample(SampleEvent sample) => log.Append(sample with { Stage = stage });

    /// <summary>Trains to the end, from the newest checkpoint if there is one.</summary>
    /// <param name="name">Folder for the checkpoints below the stage's; empty for the stage's own.</param>
    /// <exception cref="OperationCanceledException">Cancelled after a checkpoint was written.</exception>
    public async Task<Progress> FitAsync<T>(
        IObjective<T> objective,
        IExperience<T> experience,
        TrainingOptions options,
        ImmutableArray<DataHash> data,
        string task,
        CancellationToken cancel,
        string name = ""
    )
    {
        if (options.Precision == Precision.Bf16 && objective.Learners.All(l => l.Type == TorchSharp.torch.ScalarType.Float32))
        {
            throw new ConfigurationException($"{stage}.precision is bf16, but this stage trains in f32 alone. Leave precision out.");
        }

        if (options.KeepBest && (experience.Evaluation is null || options.EmaDecay > 0))
        {
            throw new ConfigurationException(
                options.EmaDecay > 0
                    ? $"{stage}.keep_best and ema_decay are both on: a run ends with one or the other. Leave one of them out."
                    : $"{stage}.keep_best is on, but nothing is held out that this stage measures while it trains. Expected held-out rows "
                        + "(test_split or held-out data) and evaluate_every above 0, or keep_best: false."
            );
        }

        var place = name.Length == 0 ? folder : Path.Combine(folder, name);
        var start = Progress.Start(name.Length == 0 ? seed : seed.For(name));
        using var loop = new TrainingLoop<T>(
            objective,
            experience,
            options.LearningRateSchedule,
            options.Optimiser,
            new LoopOptions(options.EffectiveMicrobatch, options.CheckpointEvery)
            {
                EmaDecay = options.EmaDecay,
                MaxUpdates = options.MaxSteps,
                KeepsBest = options.KeepBest,
            },
            new DirectoryCheckpoints(place, data, options.KeepCheckpoints)
        );
        var observer = new LoopLog(stage, task, log, screen) { StopsOnDivergence = options.StopOnDivergence };
        if (loop.Restore() is { } checkpoint)
        {
            start = Restored(checkpoint, start, task);
            observer.GoOn(log.EventsOf(stage));
        }
        else
        {
            Begin(place);
        }

        var (progress, end) = await loop.RunAsync(start, observer, cancel);
        if (end == LoopEnd.Cancelled)
        {
            throw new OperationCanceledException(cancel);
        }

        if (loop.Best is { } best)
        {
            Note(string.Create(CultureInfo.InvariantCulture, $"{task}: ends with the weights after update {best} (keep_best)"));
        }

        if (experience.StoppedBecause is { } reason)
        {
            Note($"stopped early: {reason}");
        }

        return progress;
    }

    /// <summary>Brings the log back to where the work began.</summary>
    private void Begin(string place)
    {
        LogPosition.Return(log, place);
        if (_leftOut.Count > 0)
        {
            log.Append(new RunEvent(log.NextSequence, stage, "data", 0, 0, 0, _leftOut));
        }
    }

    /// <summary>Brings the log back to where the checkpoint stands.</summary>
    private Progress Restored(CheckpointManifest checkpoint, Progress start, string task)
    {
        log.TruncateAfter(checkpoint.LastSequence);
        screen.Note($"{task}: going on from update {checkpoint.Updates}");
        return start with { Round = checkpoint.Round, Updates = checkpoint.Updates, Items = checkpoint.Items };
    }
}
