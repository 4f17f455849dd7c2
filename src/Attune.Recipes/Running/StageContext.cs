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
using Attune.Training.Tokens;

namespace Attune.Recipes.Running;

/// <summary>Where a stage works: its folder, its seed, the log, and what earlier stages handed over.</summary>
public sealed partial class StageContext(
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
    private (string Folder, Encoder Encoder)? _encoder;
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

    /// <summary>A built-in chat template's name, for a model that has none of its own, or a file of Jinja.</summary>
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
    /// <remarks>One for each model, so that what is saved knows whether conversations were written.</remarks>
    public Encoder LoadEncoder()
    {
        if (_encoder is var (folder, known) && folder == TokenizerFolder)
        {
            return known;
        }

        var text = LoadText();
        NoteOnce(text.Warnings);
        var encoder = new Encoder(text, lent => NoteOnce([LentNote, .. lent.Lent!.Warnings]));
        _encoder = (TokenizerFolder, encoder);
        return encoder;
    }

    private string LentNote =>
        $"{TokenizerFolder} has no chat template: conversations are written in ChatML, which is saved with what is trained (template "
        + "takes another)";

    private void NoteOnce(IEnumerable<string> notes)
    {
        foreach (var note in notes.Except(_notes))
        {
            Note(note);
        }
    }

    private string TokenizerFolder => Artifacts.Tokenizer ?? RequirePolicy();

    private ChatText LoadText() => ChatText.Load(TokenizerFolder, Template);

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
}
