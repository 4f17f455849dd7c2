using System.Collections.Immutable;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Reward;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>A few answers with what people, or models, said of their parts, for the report.</summary>
/// <param name="rows">Held-out answers, of which the first are shown.</param>
internal sealed class MarkedAnswers(IReadOnlyList<SpanLabels> rows)
{
    private const int Shown = 8;

    private readonly SpanLabels[] _rows = [.. rows.Take(Shown)];
    private readonly List<(int Row, MarkedPart Part)> _parts = [];

    public ImmutableArray<MarkedAnswer>? All =>
        _rows.Length == 0
            ? null
            : [.. _rows.Select((r, i) => new MarkedAnswer(r.Prompt.Key, r.Answer, [.. _parts.Where(p => p.Row == i).Select(p => p.Part)]))];

    /// <summary>Adds what a span model says of each part.</summary>
    public void Add(SpanModelOptions span, ProcessModel model, Encoder encoder)
    {
        foreach (var (i, row) in _rows.Index())
        {
            var (sequence, ends) = StepEncoding.Place(
                encoder.EncodePrompt(row.Prompt),
                AnswerOffsets.Encode(encoder, row.Prompt, row.Answer, ends: false),
                SpanSplit.Of(row.Answer, span.Density)
            );
            _parts.AddRange(Judged(model, span.Name, sequence, ends, SpanSplit.Of(row.Answer, span.Density)).Select(p => (i, p)));
        }
    }

    /// <summary>What people marked.</summary>
    public static ImmutableArray<MarkedAnswer>? Of(IReadOnlyList<SpanLabels> labels) =>
        [
            .. labels
                .Take(Shown)
                .Select(l => new MarkedAnswer(
                    l.Prompt.Key,
                    l.Answer,
                    [
                        .. l.Spans.Select(s => new MarkedPart(s.Start, s.End, s.Type, 0)),
                        .. l.Missing.Select(m => new MarkedPart(0, 0, m.Type, 0)),
                    ]
                )),
        ];

    /// <summary>What a process reward model says of the steps of held-out solutions.</summary>
    public static ImmutableArray<MarkedAnswer>? Of(IReadOnlyList<StepLabels> labels, ProcessModel model, Encoder encoder) =>
        labels.Count == 0 ? null : [.. labels.Take(Shown).Select(row => Of(row, model, encoder))];

    private static MarkedAnswer Of(StepLabels row, ProcessModel model, Encoder encoder)
    {
        string[] steps = [.. row.Steps.Select(s => s.Text)];
        var (text, spans) = StepText.Join(steps, model.Steps.Separator);
        var (sequence, ends) = model.Steps.Encode(encoder, row.Prompt, steps);
        return new MarkedAnswer(row.Prompt.Key, text, [.. Judged(model, "steps", sequence, ends, spans)]);
    }

    private static IEnumerable<MarkedPart> Judged(
        ProcessModel model,
        string name,
        TokenSequence sequence,
        ImmutableArray<int?> ends,
        ImmutableArray<TextSpan> spans
    )
    {
        int[] read = [.. Enumerable.Range(0, spans.Length).Where(i => ends[i] < model.Longest)];
        var cut = sequence.Length <= model.Longest ? sequence : sequence with { Tokens = sequence.Tokens[..model.Longest] };
        var good =
            read.Length == 0
                ? []
                : model.Rewards(
                    [cut],
                    [
                        [.. read.Select(i => ends[i]!.Value)],
                    ]
                )[0];
        return read.Zip(good, (i, p) => new MarkedPart(spans[i].Start, spans[i].End, name, Math.Round(p, 3)));
    }
}
