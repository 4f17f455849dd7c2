using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Core.Tokens;
using Attune.Training.Batches;

namespace Attune.Methods.Policy.Online;

/// <summary>Draws questions: several of the policy's present answers to a prompt.</summary>
internal sealed class QuestionDraw(OnlineFeedbackOptions options, OnlineContext context)
{
    /// <returns>At most <paramref name="count"/> questions; answers of one question are all different.</returns>
    public async Task<ImmutableArray<Question>> DrawAsync(int refresh, int count, Progress at, CancellationToken cancel)
    {
        var choose = options.Selection == QuestionSelection.Disagreement && context.Reward.Model is not null;
        var candidates = choose ? count * options.Candidates : count;
        var seed = context.Seed.For("questions", refresh);
        var order = seed.Rng().Permutation(context.Rollouts.Prompts.Count);
        var groups = await AnswerAsync(candidates, order, seed, cancel);
        Question[] questions =
        [
            .. groups.Select((group, i) => QuestionOf($"{context.Name}/{refresh}/{i}", order[i % order.Length], group, at.Updates)),
        ];
        int[] different =
        [
            .. Enumerable.Range(0, candidates).Where(i => questions[i].Answers.Distinct(StringComparer.Ordinal).Count() == options.Answers),
        ];
        if (different.Length < candidates && !choose)
        {
            context.Note($"round {at.Round}: {candidates - different.Length} questions were left out: answers came out the same");
        }

        int[] asked = choose
            ? [.. EnsembleDisagreement.Highest(Disagreements(groups, different), count).Select(i => different[i])]
            : different;
        return [.. asked.Select(i => questions[i])];
    }

    private async Task<Rollout[][]> AnswerAsync(int candidates, int[] order, Seed seed, CancellationToken cancel)
    {
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, candidates)
                .SelectMany(i =>
                    Enumerable
                        .Range(0, options.Answers)
                        .Select(k => context.Rollouts.Prompts.Request(order[i % order.Length], seed.For("answer", i, k)))
                ),
        ];
        var rollouts = await context.Rollouts.Sampler.SampleAsync(requests, context.Rollouts.Sampling, cancel);
        return [.. rollouts.Chunk(options.Answers)];
    }

    private Question QuestionOf(string id, int prompt, Rollout[] group, long updates)
    {
        var whole = context.Rollouts.Prompts[prompt];
        // The prompt as the policy saw it.
        var shown = context.ShortensPrompts ? new Prompt.Text(context.Encoder.Tokenizer.Decode(group[0].Sequence.Prompt)) : whole;
        return new Question(id, shown, [.. group.Select(r => context.Encoder.DecodeAnswer(whole, r.Sequence.Answer))], updates)
        {
            Cut = CutAnswers.Of(group.Select(r => r.Stop == StopReason.Length)),
        };
    }

    private double[] Disagreements(Rollout[][] groups, int[] which)
    {
        var model = context.Reward.Model!;
        TokenSequence[] sequences = [.. which.SelectMany(i => groups[i]).Select(r => r.Sequence.WithoutEnd(model.EndToken))];
        var scores = model.Members.Select(m => AnswerScores.Plain(m, sequences).Chunk(options.Answers).ToArray()).ToArray();
        return [.. Enumerable.Range(0, which.Length).Select(i => EnsembleDisagreement.Of([.. scores.Select(s => s[i])]))];
    }
}
