using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Training.Contracts;

namespace Attune.Training.Rewards;

/// <summary>
/// A process reward model as a reward. Steps are found in the text of the answer; a model with another tokenizer, or one that reads steps
/// apart, reads that text in its own tokens, and what it says of a step stands at the policy's token at which the step ends.
/// </summary>
/// <param name="policy">Encoded the prompts.</param>
/// <param name="judge">The process reward model's own, where it reads other tokens; null where it reads the policy's.</param>
public sealed class StepwiseReward(ProcessModel model, StepAggregation aggregation, Encoder policy, Encoder? judge) : IReward
{
    private long _read,
        _stepless,
        _steps,
        _cutSteps;

    public string Name { get; init; } = "process";

    /// <summary>The reward of a step, from how likely it is right.</summary>
    public Func<double, double> Value { get; init; } = right => right;

    /// <summary>The reward of an answer without a step: not the 1 of an empty product, else saying nothing would be best.</summary>
    public double WithoutSteps { get; init; }

    public IEnumerable<string> Notes
    {
        get
        {
            if (_stepless > 0)
            {
                yield return $"the {Name} reward model found no step in {_stepless} of {_read} answers; their reward is {WithoutSteps}";
            }

            if (_cutSteps > 0)
            {
                yield return $"the {Name} reward model did not read {_cutSteps} of {_steps} steps: with their prompts, the answers are "
                    + $"longer than the {model.Longest} tokens that it reads, and their beginning is cut";
            }
        }
    }

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        Judged[] judged = [.. rollouts.Select(Read)];
        var rewards = model.Rewards([.. judged.Select(j => j.Sequence)], [.. judged.Select(j => j.Places)]);
        return ValueTask.FromResult<IReadOnlyList<Score>>([.. rollouts.Select((r, i) => ScoreOf(r, judged[i], rewards[i]))]);
    }

    /// <summary>An answer as the model reads it.</summary>
    /// <param name="Places">Where in the sequence its steps end, those that are read.</param>
    /// <param name="Marks">The policy's answer tokens at which the same steps end.</param>
    public sealed record Judged(TokenSequence Sequence, ImmutableArray<int> Places, ImmutableArray<int> Marks);

    public Judged Read(Rollout rollout)
    {
        var read = ReadAnswer.Of(rollout, policy);
        var spans = model.Steps.SpansOf(read.Answer);
        var own = AnswerOffsets.OfSampled(policy, read.Prompt, [.. rollout.Sequence.Answer]);
        var marks = TokenSpans.EndsOf(own, spans, Range.All).Ends;
        var (sequence, ends) =
            judge is not null ? Retokenized(judge, read, spans)
            : model.Steps.Apart ? Retokenized(policy, read, spans)
            : StepEncoding.Place([.. rollout.Sequence.Prompt], own, spans);
        // A token stays before the answer: a sequence has a prompt.
        var over = Math.Max(0, sequence.Length - model.Longest);
        var kept = new TokenSequence(sequence.Tokens[over..], Math.Max(Math.Min(1, sequence.AnswerStart), sequence.AnswerStart - over));
        int[] readable = [.. Enumerable.Range(0, spans.Length).Where(i => ends[i] >= over && marks[i] is not null)];
        _read++;
        _stepless += spans.IsEmpty ? 1 : 0;
        _steps += spans.Length;
        _cutSteps += spans.Length - readable.Length;
        return new Judged(kept, [.. readable.Select(i => ends[i]!.Value - over)], [.. readable.Select(i => marks[i]!.Value)]);
    }

    private (TokenSequence Sequence, ImmutableArray<int?> Ends) Retokenized(
        Encoder encoder,
        ReadAnswer read,
        ImmutableArray<TextSpan> spans
    )
    {
        if (!model.Steps.Apart)
        {
            var answer = AnswerOffsets.Encode(encoder, read.Prompt, read.Answer, ends: false);
            return StepEncoding.Place(encoder.EncodePrompt(read.Prompt), answer, spans);
        }

        return model.Steps.Encode(encoder, read.Prompt, [.. spans.Select(s => StepOf(read.Answer, s))]);
    }

    /// <summary>A step without the separators around it.</summary>
    private string StepOf(string answer, TextSpan span)
    {
        var text = CodePoints.Slice(answer, span.Start, span.End);
        var separator = model.Steps.Separator;
        while (text.EndsWith(separator, StringComparison.Ordinal))
        {
            text = text[..^separator.Length];
        }

        while (text.StartsWith(separator, StringComparison.Ordinal))
        {
            text = text[separator.Length..];
        }

        return text;
    }

    private Score ScoreOf(Rollout rollout, Judged judged, double[] rewards) =>
        rewards.Length == 0 ? Score.Outcome(rollout, WithoutSteps, Name)
        : aggregation == StepAggregation.None
            ? new Score([.. rewards.Select((right, i) => new TokenReward(judged.Marks[i], Value(right), Name))])
        : Score.Outcome(rollout, aggregation.Of([.. rewards.Select(Value)]), Name);
}
