using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Data.Order;
using Attune.Methods.Preference;
using Attune.Methods.Reward;
using Attune.Models;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Training.Checkpoints;
using Attune.Training.Contracts;
using Attune.Training.Experience;

namespace Attune.Recipes.Stages.Direct;

/// <summary>The parts of a direct method at work, and the steps that all methods take with them.</summary>
internal sealed class DirectWork(DirectStage stage, Workplace place)
{
    private readonly StageContext _room = place.Room;
    private readonly Encoder _encoder = place.Encoder;
    private readonly LanguageModel _policy = place.Policy;
    private readonly LanguageModel _reference = place.Reference;

    /// <summary>Prompts of the held-out data, or of all where none is held out; known once data is read.</summary>
    public IEnumerable<Prompt> HeldOutPrompts { get; private set; } = [];

    private delegate (ImmutableArray<T> Rows, DataHash Hash) Reader<T>(
        string source,
        int rows,
        Data.Cleaning.PreferenceCleaning rules,
        StageContext room
    );

    public Examples<Preference, TokenPair> Pairs() =>
        Read<Preference, TokenPair>(PreferenceSource.Pairs, (rows, longest) => _encoder.EncodeAll(rows, longest));

    public Examples<Verdict, LabelledSequence> Verdicts() =>
        Read<Verdict, LabelledSequence>(
            PreferenceSource.Verdicts,
            (rows, longest) =>
            {
                var encoded = _encoder.EncodeAll(rows.Select(v => new Demonstration(v.Prompt, v.Answer)).ToArray(), longest);
                return new EncodedData<LabelledSequence>(
                    [.. encoded.Items.Select((s, i) => new LabelledSequence(s, rows[encoded.Sources[i]].Desirable))],
                    encoded.Sources,
                    encoded.Dropped,
                    encoded.Truncated
                );
            }
        );

    private Examples<T, TToken> Read<T, TToken>(Reader<T> read, Func<IReadOnlyList<T>, int, EncodedData<TToken>> encode)
        where T : Label
    {
        var source = stage.Data ?? _room.Artifacts.Preferences ?? throw new ConfigurationException(stage.NeedsData);
        var (rows, hash) = read(source, stage.Rows, stage.Cleaning, _room);
        var heldOutSource = stage.HeldOutData ?? (stage.Data is null ? _room.Artifacts.HeldOutPreferences : null);
        var split = heldOutSource is null
            ? Split.ByPrompt(rows, stage.Common.Data.TestSplit, _room.Seed.For("split"))
            : new SplitData<T>(rows, read(heldOutSource, 0, stage.Cleaning, _room).Rows);
        // Rows that the model cannot read are left out as those beyond max_length are.
        var longest = Math.Min(stage.Common.Data.MaxLength, Math.Min(_policy.Config.ContextLength, _reference.Config.ContextLength));
        var (train, heldOut) = (encode(split.Training, longest), encode(split.HeldOut, longest));
        _room.NoteDropped(train.Dropped, Path.GetFileName(source));
        _room.NoteDropped(heldOut.Dropped, Path.GetFileName(source) + " (held out)");
        if (train.Items.IsEmpty)
        {
            throw new DataException($"{source}: no row is left to learn from; the notes above say why rows were left out.");
        }

        HeldOutPrompts = (split.HeldOut.IsEmpty ? split.Training : split.HeldOut).Select(r => r.Prompt);
        return new Examples<T, TToken>(train.Items, heldOut.Items, hash);
    }

    /// <summary>
    /// log pi_ref as far as it is to be known beforehand: zeros without a reference, numbers where they are kept, else nothing.
    /// </summary>
    public double?[] Known(string name, IReadOnlyList<TokenSequence> sequences, ReferenceOptions? options, bool always) =>
        options is null || options.ReferenceFree ? [.. sequences.Select(_ => (double?)0)]
        : always || options.PrecomputeRefLogProbs ? [.. ReferenceFile.LogProbs(_room, name, _reference, sequences).Select(p => (double?)p)]
        : new double?[sequences.Count];

    /// <summary>Trains to the end, with looks at the held-out items and at the chosen answers.</summary>
    public async Task<Progress> FitAsync<T>(
        IObjective<T> objective,
        Examples<T> items,
        IReadOnlyList<TokenSequence> chosen,
        Func<IReadOnlyList<T>, IReadOnlyList<T>>? prepare,
        DataHash hash,
        CancellationToken cancel
    )
    {
        Metrics Evaluate() =>
            items.HeldOut.IsEmpty
                ? new Metrics()
                : PreferenceEvaluation.Of(objective, prepare is null ? items.HeldOut : prepare(items.HeldOut));
        var watch = new ChosenWatch(chosen, _policy);
        var before = Evaluate();
        var experience = new PreferenceExperience<T>(
            new DatasetExperience<T>(items.Train, stage.Common.Training.BatchSize, stage.Common.Data.Epochs)
        )
        {
            Evaluate = Evaluate,
            EvaluateEvery = stage.Common.Data.EvaluateEvery,
            Watch = watch,
            Warn = _room.Note,
            Prepare = prepare,
        };
        var progress = await _room.FitAsync(objective, experience, stage.Common.Training, [hash], stage.Title, cancel);
        var after = Evaluate();
        if (watch.Look(progress.Updates) is { } warning)
        {
            after.Set("chosen_fell_at", progress.Updates);
            _room.Note(warning);
        }

        _room.LogEvaluation(progress, after);
        DirectFigures.Add(place.Figures, items.Train.Length, items.HeldOut.Length, before, after);
        place.Figures["chosen_fell_at"] = watch.FellAt;
        return progress;
    }
}

/// <summary>Rows as tokens, to learn from and to measure with.</summary>
internal sealed record Examples<T>(ImmutableArray<T> Train, ImmutableArray<T> HeldOut);

/// <inheritdoc cref="Examples{T}"/>
internal sealed record Examples<T, TToken>(ImmutableArray<TToken> Train, ImmutableArray<TToken> HeldOut, DataHash Hash);
