using Attune.Core.Tokens;
using static TorchSharp.torch;

namespace Attune.Training.Batches;

/// <summary>
/// Sequences as one right-padded tensor, with the places that matter picked out: attention is causal, so padding after the
/// text needs no mask, and only positions that predict an answer token are projected to the vocabulary.
/// Lives inside one synchronous call.
/// </summary>
public sealed class TokenBatch
{
    /// <summary>[batch, time], int64; padding is id 0, which no picked position ever sees.</summary>
    public required Tensor Tokens { get; init; }

    /// <summary>
    /// [answers], int64: flat indices (row * time + position) of the positions whose logits predict each answer token, row by row.
    /// </summary>
    public required Tensor Predictors { get; init; }

    /// <summary>[answers], int64: the answer tokens themselves.</summary>
    public required Tensor Targets { get; init; }

    /// <summary>[batch], int64: flat index of each row's last token, where a scalar head speaks for the whole answer.</summary>
    public required Tensor Last { get; init; }

    /// <summary>Answer tokens of each row that are predicted.</summary>
    public required int[] AnswerLengths { get; init; }

    /// <summary>The texts themselves, where each row is one; null for packed rows.</summary>
    public IReadOnlyList<TokenSequence>? Sequences { get; init; }

    /// <summary>[batch, time], int64, 1, 2, ... for packed rows; null where each row is one text.</summary>
    public Tensor? Segments { get; init; }

    /// <summary>How many tokens of a sequence are predicted: its answer, less a first token that nothing precedes.</summary>
    public static int Predicted(TokenSequence sequence) => sequence.Length - Math.Max(1, sequence.AnswerStart);

    /// <summary>One sequence a row.</summary>
    public static TokenBatch Of(IReadOnlyList<TokenSequence> sequences, Device? device = null) =>
        Of([.. sequences.Select(s => new[] { s })], device);

    /// <summary>Several sequences a row, end to end: attention must be kept inside <see cref="Segments"/>.</summary>
    public static TokenBatch Of(IReadOnlyList<IReadOnlyList<TokenSequence>> rows, Device? device = null)
    {
        var time = rows.Max(r => r.Sum(s => s.Length));
        var tokens = new long[rows.Count * time];
        var segments = new long[rows.Count * time];
        var packed = rows.Any(r => r.Count > 1);
        List<long> predictors = [],
            targets = [];
        var last = new long[rows.Count];
        var lengths = new int[rows.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            var at = row * time;
            for (var segment = 0; segment < rows[row].Count; segment++)
            {
                var sequence = rows[row][segment];
                for (var i = 0; i < sequence.Length; i++)
                {
                    tokens[at + i] = sequence.Tokens[i];
                }

                segments.AsSpan(at, sequence.Length).Fill(segment + 1);
                AddAnswer(sequence, at, predictors, targets);
                at += sequence.Length;
                lengths[row] += Predicted(sequence);
            }

            last[row] = at - 1;
        }

        return new TokenBatch
        {
            Tokens = tensor(tokens, [rows.Count, time], device: device),
            Predictors = tensor(predictors.ToArray(), device: device),
            Targets = tensor(targets.ToArray(), device: device),
            Last = tensor(last, device: device),
            AnswerLengths = lengths,
            Sequences = packed ? null : [.. rows.Select(r => r[0])],
            Segments = packed ? tensor(segments, [rows.Count, time], device: device) : null,
        };
    }

    /// <summary>The positions that predict the answer's tokens, and those tokens.</summary>
    private static void AddAnswer(TokenSequence sequence, int at, List<long> predictors, List<long> targets)
    {
        for (var i = Math.Max(1, sequence.AnswerStart); i < sequence.Length; i++)
        {
            predictors.Add(at + i - 1);
            targets.Add(sequence.Tokens[i]);
        }
    }

    /// <summary>The rows of a [batch, time, width] tensor at flat positions.</summary>
    /// <returns>[positions, width]</returns>
    public static Tensor At(Tensor hidden, Tensor positions)
    {
        using var scope = NewDisposeScope();
        return hidden.reshape(-1, hidden.shape[^1]).index_select(0, positions).MoveToOuterDisposeScope();
    }
}
