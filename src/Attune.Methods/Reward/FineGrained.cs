using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Process;
using Attune.Training.Optimisation;

namespace Attune.Methods.Reward;

/// <summary>One of the span models: what it marks, and how densely.</summary>
public sealed record SpanModelOptions
{
    [Description("a name, unique in the stage: that of the folder under final")]
    public required string Name { get; init; }

    [Description("parts it judges: sub-sentence, sentence or answer")]
    public SpanDensity Density { get; init; } = SpanDensity.Sentence;

    [Description("types of spans, or of missing information, that make a part bad")]
    public required ImmutableArray<string> Types { get; init; }
}

/// <summary>Fine-grained reward models. Default: the paper's three for question answering.</summary>
[Method(
    "fine-grained",
    "Fine-grained reward models",
    "train reward models of several densities on marked spans",
    Paper = "Wu et al. 2023 (arXiv:2306.01693)",
    Example = "attune fine-grained --model DIR --data spans.jsonl --out runs/fine-grained"
)]
public sealed record FineGrainedOptions
{
    [Description("the models: name, density (sub-sentence, sentence, answer) and the types that each marks")]
    public ImmutableArray<SpanModelOptions> Models { get; init; } =
    [
        new()
        {
            Name = "relevance",
            Density = SpanDensity.SubSentence,
            Types = ["Irrelevant", "Redundant", "Incoherent"],
        },
        new()
        {
            Name = "factuality",
            Density = SpanDensity.Sentence,
            Types = ["Wrong-Grounding", "Unverifiable"],
        },
        new()
        {
            Name = "completeness",
            Density = SpanDensity.Answer,
            Types = ["Missing-Answer", "Missing-Major-Auxiliary", "Missing-Minor-Auxiliary"],
        },
    ];

    [Description("passes over the data")]
    [Range(0.0001, 10_000)]
    public double Epochs { get; init; } = 2;

    [Description("longest prompt and answer together, in tokens; parts that end later are left out and counted")]
    [Range(2, 1_000_000)]
    public int MaxLength { get; init; } = 1024;

    [Description("share of the prompts to hold out, if no held-out file is given")]
    [Range(0, 0.9)]
    public double TestSplit { get; init; } = 0.1;

    [Flatten]
    public TrainingOptions Training { get; init; } =
        new()
        {
            LearningRate = 5e-5,
            Schedule = ScheduleKind.Linear,
            BatchSize = 32,
            CheckpointEvery = 100,
        };
}

/// <summary>
/// What a span model learns (Wu et al. 2023): of each part of an answer, at the part's last token, whether somebody marked
/// something in it. The loss is that of process reward models, <see cref="ProcessReward.Loss"/>.
/// </summary>
public static class FineGrained
{
    /// <summary>
    /// Whether each part is bad: a mark of the model's types has a code point of it. A whole answer is bad too where information of these
    /// types is missing.
    /// </summary>
    public static ImmutableArray<bool> Bad(SpanLabels row, IReadOnlyList<TextSpan> parts, SpanModelOptions model)
    {
        AnswerSpan[] marks = [.. row.Spans.Where(s => model.Types.Contains(s.Type))];
        var missing = model.Density == SpanDensity.Answer && row.Missing.Any(m => model.Types.Contains(m.Type));
        return [.. parts.Select(p => missing || marks.Any(m => m.Start < p.End && p.Start < m.End))];
    }

    /// <summary>An answer with what is learned at the ends of its parts; null where none ends within the limit.</summary>
    /// <param name="cut">Called with the number of parts that end beyond it.</param>
    public static StepItem? Item(Encoder encoder, SpanLabels row, SpanModelOptions model, int maxLength, Action<int>? cut = null)
    {
        var parts = SpanSplit.Of(row.Answer, model.Density);
        var bad = Bad(row, parts, model);
        var (sequence, ends) = StepEncoding.Place(
            encoder.EncodePrompt(row.Prompt),
            AnswerOffsets.Encode(encoder, row.Prompt, row.Answer, ends: false),
            parts
        );
        StepTarget[] targets =
        [
            .. ends.Index().Where(e => e.Item < maxLength).Select(e => new StepTarget(e.Item!.Value, bad[e.Index] ? [1, 0] : [0, 1])),
        ];
        cut?.Invoke(ends.Count(e => e >= maxLength));
        var tokens = sequence.Length <= maxLength ? sequence.Tokens : sequence.Tokens[..maxLength];
        return targets.Length == 0 ? null : new StepItem(new TokenSequence(tokens, sequence.AnswerStart), [.. targets]);
    }
}
