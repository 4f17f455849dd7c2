using Attune.Core.Runs;
using Attune.Data.Judging;
using Attune.Models.Architecture;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>The same held-out prompts with the same seeds, before and after: what breaks a principle, what is evasive, and gold.</summary>
internal sealed class ConstitutionalMeasure(ConstitutionalStage stage, Constitution constitution, StageContext context)
{
    private const int Shown = 8;
    private readonly List<SampleEvent> _samples = [];

    /// <summary>Logs the first answers, before and after: at the end, so that a stage that goes on logs them once.</summary>
    public void LogSamples() => _samples.ForEach(context.LogSample);

    /// <param name="policy">Null for the one that the stage begins with.</param>
    public async Task<IEnumerable<KeyValuePair<string, double>>> OfAsync(LanguageModel? policy, string suffix, CancellationToken cancel)
    {
        if (stage.HeldOutPrompts is not { } source)
        {
            return [];
        }

        var drawn = DataSource.Prompts(source, DataSource.IsWorld(source) ? stage.EvaluationPrompts : 0, context).Items;
        var prompts = drawn[..Math.Min(drawn.Length, stage.EvaluationPrompts)];
        var answers = new PolicyAnswers(context, 1, stage.Answers.Sampling, "evaluation");
        var answered = policy is null
            ? await answers.SampleAsync(prompts, prompts.Length, cancel)
            : await answers.SampleAsync(policy, prompts, prompts.Length, cancel);
        var flat = PrincipleFigures.Flat(answered);
        var utility = stage.Gold ?? context.Artifacts.Utility;
        foreach (var (index, (prompt, answer)) in flat.Take(Shown).Index())
        {
            double? gold = utility is null ? null : Utilities.Named(utility).Of(prompt, answer).Total;
            _samples.Add(new SampleEvent(context.Name, policy is null ? 0 : 1, index, prompt.Key, answer, gold, null, null));
        }

        return PrincipleFigures.Of(constitution, flat, utility, suffix);
    }
}
