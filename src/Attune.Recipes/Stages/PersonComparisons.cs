using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Recipes.Running;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Stages;

/// <summary>Comparisons that the person at the terminal answers.</summary>
internal static class PersonComparisons
{
    /// <param name="judge">The simulated annotators, whose opinion the person's is compared with.</param>
    /// <param name="figures">Takes how many were answered, and how often the person agreed.</param>
    public static List<Preference> Ask(
        StageContext context,
        ImmutableArray<AnsweredPrompt> questions,
        SimulatedAnnotators judge,
        Dictionary<string, double> figures,
        CancellationToken cancel
    )
    {
        var person = context.Person ?? throw new ConfigurationException("preferences.ask_me needs a person at a terminal.");
        var journal = new AnswerJournal(context.Folder);
        var preferences = new List<Preference>();
        var agreed = 0;
        for (var i = 0; i < questions.Length; i++)
        {
            var question = questions[i];
            // Which answer is shown first is chance, as for the simulated annotators.
            var swap = context.Seed.For("shown", i).Rng().NextInt(2) == 1;
            var (first, second) = swap ? (question.Answers[1], question.Answers[0]) : (question.Answers[0], question.Answers[1]);
            var answer = journal.Find(i) ?? journal.Add(i, person.Ask(i + 1, questions.Length, question.Prompt.Key, first, second, cancel));
            if (answer == Answer.Enough)
            {
                context.Note($"{i} of {questions.Length} comparisons were asked");
                break;
            }

            if (answer != Answer.Skip)
            {
                var chosen = answer == Answer.First ? first : second;
                var pair = new Preference(question.Prompt, chosen, answer == Answer.First ? second : first) { Annotator = "person" };
                preferences.Add(question.Completed(pair));
                var odds = judge.ProbabilitiesOf(question.Prompt, chosen, chosen == first ? second : first);
                agreed += odds.First > odds.Second ? 1 : 0;
            }
        }

        figures["answered_by_person"] = preferences.Count;
        if (preferences.Count > 0)
        {
            figures["person_agrees_with_simulated"] = (double)agreed / preferences.Count;
        }

        return preferences;
    }
}
