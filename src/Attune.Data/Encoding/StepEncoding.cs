using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Tokens;
using Attune.Text.Tokenizers;

namespace Attune.Data.Encoding;

/// <summary>Where a step of a solution ends, and its label.</summary>
/// <param name="Position">Index of its last token in the whole sequence, prompt included.</param>
/// <param name="Label">1 right, 0 neutral, -1 wrong, or between.</param>
public readonly record struct StepMark(int Position, double Label);

/// <summary>A prompt and a solution in steps.</summary>
/// <param name="Outcome">Whether the answer that it comes to is right; null where that is not known.</param>
public sealed record StepSequence(TokenSequence Sequence, ImmutableArray<StepMark> Steps, bool? Outcome);

/// <summary>How steps become tokens: the same in training and where a process reward model judges.</summary>
/// <param name="Separator">Stands between two steps; a step is read at the last token of the separator after it.</param>
/// <param name="Apart">
/// Each step, and the separator after each, is encoded by itself, as TRL's process trainer does it. Else the solution is one text with
/// separators between its steps, as a policy writes it.
/// </param>
public sealed record StepEncoding(string Separator, bool Apart)
{
    /// <summary>The parts of an answer that a span model judges; null for steps between separators.</summary>
    public SpanDensity? Density { get; init; }

    /// <summary>The steps, or parts, of an answer.</summary>
    public ImmutableArray<TextSpan> SpansOf(string answer) =>
        Density is { } density ? SpanSplit.Of(answer, density) : StepText.Split(answer, Separator);

    /// <summary>A solution in tokens, without end token, and where its steps end in it; null for a step without any token.</summary>
    public (TokenSequence Sequence, ImmutableArray<int?> Ends) Encode(Encoder encoder, Prompt prompt, IReadOnlyList<string> steps)
    {
        var start = encoder.EncodePrompt(prompt);
        if (!Apart)
        {
            var (text, spans) = StepText.Join(steps, Separator);
            return Place(start, AnswerOffsets.Encode(encoder, prompt, text, ends: false), spans);
        }

        var (tokens, ends, mark) = (start.ToBuilder(), ImmutableArray.CreateBuilder<int?>(), encoder.Tokenizer.Encode(Separator));
        foreach (var step in steps)
        {
            tokens.AddRange(encoder.Tokenizer.Encode(step));
            tokens.AddRange(mark);
            ends.Add(tokens.Count - 1);
        }

        return (new TokenSequence(tokens.ToImmutable(), start.Length), ends.ToImmutable());
    }

    /// <summary>The same of a text whose steps are known by their places.</summary>
    public static (TokenSequence Sequence, ImmutableArray<int?> Ends) Place(
        ImmutableArray<int> prompt,
        EncodedText answer,
        IEnumerable<TextSpan> spans
    ) =>
        (
            new TokenSequence(prompt.AddRange(answer.Ids), prompt.Length),
            [.. TokenSpans.EndsOf(answer, spans, Range.All).Ends.Select(e => e + prompt.Length)]
        );

    /// <summary>
    /// Labelled solutions as tokens. What is longer than the limit is cut at its end: steps that end there are left out and counted.
    /// </summary>
    /// <param name="cutSteps">Called with the number of steps of a row that were cut.</param>
    public EncodedData<StepSequence> EncodeAll(Encoder encoder, IReadOnlyList<StepLabels> rows, int maxLength, Action<int>? cutSteps = null)
    {
        var (items, sources, reasons) = (new List<StepSequence>(), new List<int>(), new List<string>());
        for (var i = 0; i < rows.Count; i++)
        {
            try
            {
                var (sequence, ends) = Encode(encoder, rows[i].Prompt, [.. rows[i].Steps.Select(s => s.Text)]);
                var marks = ends.Zip(rows[i].Steps, (end, step) => (End: end, step.Label)).Where(m => m.End is not null).ToArray();
                StepMark[] kept = [.. marks.Where(m => m.End < maxLength).Select(m => new StepMark(m.End!.Value, m.Label))];
                cutSteps?.Invoke(marks.Length - kept.Length);
                if (kept.Length == 0)
                {
                    reasons.Add($"no step ends within {maxLength} tokens");
                    continue;
                }

                var whole = kept.Length == marks.Length;
                var tokens = sequence.Length <= maxLength ? sequence.Tokens : sequence.Tokens[..maxLength];
                items.Add(new StepSequence(sequence with { Tokens = tokens }, [.. kept], whole ? rows[i].Outcome : null));
                sources.Add(i);
            }
            catch (DataException problem)
            {
                reasons.Add(problem.Message);
            }
        }

        return new EncodedData<StepSequence>([.. items], [.. sources], DroppedRows.Of(reasons), 0);
    }
}
