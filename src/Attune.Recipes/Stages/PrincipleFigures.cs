using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Statistics;
using Attune.Data.Judging;
using Attune.Recipes.Sources;

namespace Attune.Recipes.Stages;

/// <summary>How often answers break principles, by the words that these avoid, and how often they say nothing instead.</summary>
internal static class PrincipleFigures
{
    /// <param name="utility">Name of the hidden utility, the measure of help; null where none is known.</param>
    /// <param name="suffix">Ends each figure's name.</param>
    public static IEnumerable<KeyValuePair<string, double>> Of(
        Constitution constitution,
        IReadOnlyList<(Prompt Prompt, string Answer)> answers,
        string? utility,
        string suffix = ""
    )
    {
        bool Breaks(string answer, Principle principle) => !RuleCritic.Found(principle, answer).IsEmpty;
        var broken = answers.Average(a => constitution.Principles.Any(p => Breaks(a.Answer, p)) ? 1.0 : 0);
        var interval = Wilson.Of(broken, answers.Count);
        yield return new("broken_share" + suffix, broken);
        yield return new("broken_share_low" + suffix, interval.Low);
        yield return new("broken_share_high" + suffix, interval.High);
        foreach (var principle in constitution.Principles.Where(p => !p.Avoid.IsEmpty))
        {
            yield return new($"broken_share/{principle.Id}{suffix}", answers.Average(a => Breaks(a.Answer, principle) ? 1.0 : 0));
        }

        yield return new("evasive_share" + suffix, answers.Average(a => Evasion.Is(a.Answer) ? 1.0 : 0));
        if (utility is not null)
        {
            var gold = Utilities.Named(utility);
            yield return new("gold_reward" + suffix, answers.Average(a => gold.Of(a.Prompt, a.Answer).Total));
        }
    }

    /// <summary>Prompts with their answers, one each.</summary>
    public static ImmutableArray<(Prompt Prompt, string Answer)> Flat(IEnumerable<AnsweredPrompt> answered) =>
        [.. answered.SelectMany(a => a.Answers.Select(answer => (a.Prompt, answer)))];
}
