using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training.Rollouts;

namespace Attune.Recipes.Stages;

/// <summary>Answers of the policy to prompts that are then judged.</summary>
/// <param name="each">Answers to each prompt.</param>
/// <param name="purpose">Part of each answer's seed.</param>
internal sealed class PolicyAnswers(StageContext context, int each, SamplingOptions options, string purpose)
{
    /// <summary>Draws a few questions at a time, so that a cancelled run ends soon.</summary>
    private const int Portion = 256;

    /// <param name="count">Questions; prompts come again where there are fewer.</param>
    public async Task<List<AnsweredPrompt>> SampleAsync(ImmutableArray<Prompt> prompts, int count, CancellationToken cancel)
    {
        using var policy = context.LoadPolicy();
        return await SampleAsync(policy, prompts, count, cancel);
    }

    /// <inheritdoc cref="SampleAsync(ImmutableArray{Prompt}, int, CancellationToken)"/>
    public async Task<List<AnsweredPrompt>> SampleAsync(
        LanguageModel policy,
        ImmutableArray<Prompt> prompts,
        int count,
        CancellationToken cancel
    )
    {
        if (context.Trial is { } trial)
        {
            return await trial.InPartAsync(count, part => DrawAsync(policy, prompts, part, cancel));
        }

        return await DrawAsync(policy, prompts, count, cancel);
    }

    private async Task<List<AnsweredPrompt>> DrawAsync(
        LanguageModel policy,
        ImmutableArray<Prompt> prompts,
        int count,
        CancellationToken cancel
    )
    {
        var encoder = context.LoadEncoder();
        var done = 0;
        using var sampler = new LocalSampler
        {
            Finished = new ImmediateProgress(n => context.Screen.Report("sampling answers", done + n, (long)count * each, "")),
        };
        await sampler.UseWeightsAsync(policy, 0, cancel);
        var questions = new List<AnsweredPrompt>();
        foreach (var part in Enumerable.Range(0, count).Chunk(Portion))
        {
            SampleRequest[] requests = [.. part.SelectMany(i => Enumerable.Range(0, each).Select(k => Request(i, k)))];
            var rollouts = await sampler.SampleAsync(requests, options with { EndToken = encoder.Tokenizer.EndToken }, cancel);
            done += rollouts.Count;
            questions.AddRange(part.Select((i, row) => Answered(prompts[i % prompts.Length], rollouts.Skip(row * each).Take(each))));
        }

        return questions;

        SampleRequest Request(int i, int k) => new(encoder.EncodePrompt(prompts[i % prompts.Length]), context.Seed.For(purpose, i, k));

        AnsweredPrompt Answered(Prompt prompt, IEnumerable<Rollout> answers) =>
            new(
                prompt,
                [.. answers.Select(r => encoder.DecodeAnswer(prompt, r.Sequence.Answer))],
                CutAnswers.Of(answers.Select(r => r.Stop == StopReason.Length))
            );
    }
}
