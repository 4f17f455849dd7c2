using Attune.Core.Runs;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Training.Contracts;
using Attune.Training.Evaluation;

namespace Attune.Recipes.Stages;

/// <summary>The evaluation of one stage; empty where there is no prompt to answer.</summary>
internal sealed class StageEvaluation(
    string kind,
    StageContext context,
    PolicyEvaluation? evaluation,
    ISampler? sampler,
    IReadOnlyList<IDisposable> owned
) : IDisposable
{
    private const int Shown = 8;

    public PolicyEvaluation? Evaluation => evaluation;

    /// <summary>On held-out prompts that <see cref="Evaluation"/> leaves; null where it leaves none.</summary>
    public PolicyEvaluation? Validation { get; init; }

    public async Task<IReadOnlyList<EvaluatedAnswer>> EvaluateAsync(LanguageModel policy, long version, CancellationToken cancel)
    {
        if (evaluation is null)
        {
            return [];
        }

        await sampler!.UseWeightsAsync(policy, version, cancel);
        return await evaluation.EvaluateAsync(policy, cancel);
    }

    /// <summary>Figures without chance; none where answers cannot be enumerated.</summary>
    public async ValueTask<Metrics> ExactAsync(LanguageModel policy, CancellationToken cancel) =>
        evaluation is null ? new Metrics() : await evaluation.ExactAsync(policy, cancel);

    public void LogSamples(IReadOnlyList<EvaluatedAnswer> answers, long updates)
    {
        foreach (var answer in answers.Take(Shown))
        {
            context.LogSample(
                new SampleEvent(kind, updates, answer.PromptIndex, answer.Prompt, answer.Answer, answer.Gold, answer.Proxy, answer.LogRatio)
            );
        }
    }

    public void Dispose()
    {
        foreach (var thing in owned)
        {
            thing.Dispose();
        }
    }
}
