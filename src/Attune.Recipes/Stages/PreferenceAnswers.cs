using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Judging;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Microsoft.Extensions.AI;

namespace Attune.Recipes.Stages;

/// <summary>A prompt with answers that are to be judged.</summary>
/// <param name="Cut">The answers that were cut at the longest length.</param>
internal sealed record AnsweredPrompt(Prompt Prompt, ImmutableArray<string> Answers, CutAnswers Cut)
{
    /// <summary>A preference for one of these answers, which also says whether they were cut.</summary>
    public Preference Completed(Preference pair) =>
        pair with
        {
            Cut = Cut.Select(Answers.IndexOf(pair.Chosen), Answers.IndexOf(pair.Rejected)),
        };
}

/// <summary>Answers for a preferences stage: the policy's, or those of another model.</summary>
internal sealed class PreferenceAnswers(PreferencesStage stage, StageContext context)
{
    private SamplingOptions Sampling => new() { Temperature = stage.Temperature, MaxNewTokens = stage.MaxNewTokens };

    /// <param name="source">Of the prompts.</param>
    public async Task<List<AnsweredPrompt>> SampleAsync(string source, CancellationToken cancel)
    {
        var count = stage.Labels + stage.AskMe;
        var (prompts, _) = DataSource.Prompts(source, DataSource.IsWorld(source) ? count : 0, context);
        if (prompts.Length < count)
        {
            context.Note($"{source} has {prompts.Length} prompts for {count} labels: prompts come again, with fresh answers");
        }

        return stage.AnswerModel.Model is null
            ? await new PolicyAnswers(context, stage.AnswersEach, Sampling, "answer").SampleAsync(prompts, count, cancel)
            : await AskForAnswersAsync(prompts, count, cancel);
    }

    /// <summary>Answers of another model than the policy.</summary>
    private async Task<List<AnsweredPrompt>> AskForAnswersAsync(ImmutableArray<Prompt> prompts, int count, CancellationToken cancel)
    {
        const int Parallel = 8;
        using var client = stage.AnswerModel.OpenClient(Parallel);
        var model = new ChatAnswers(
            client,
            stage.AnswerModel.Author,
            new ChatOptions { Temperature = (float)stage.Temperature, MaxOutputTokens = stage.MaxNewTokens },
            Parallel
        );
        (Prompt Prompt, Seed Seed)[] requests =
        [
            .. Enumerable
                .Range(0, count)
                .SelectMany(i =>
                    Enumerable.Range(0, stage.AnswersEach).Select(k => (prompts[i % prompts.Length], context.Seed.For("answer", i, k)))
                ),
        ];
        var answers = await model.SampleAsync(
            requests,
            new ImmediateProgress(n => context.Screen.Report($"asking {stage.AnswerModel.Author} to answer", n, requests.Length, "")),
            cancel
        );
        return
        [
            .. answers
                .Chunk(stage.AnswersEach)
                .Select(
                    (own, i) =>
                        new AnsweredPrompt(
                            prompts[i % prompts.Length],
                            [.. own.Select(a => a.Text)],
                            CutAnswers.Of(own.Select(a => a.IsCut))
                        )
                ),
        ];
    }
}
