using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data.Simulation;

namespace Attune.Recipes.Sources;

/// <summary>Simulated annotators who answer questions. What they say to a question is a function of its id alone.</summary>
internal sealed class SimulatedJudge(SimulatedAnnotators annotators, Seed seed) : IFeedbackSource
{
    public string Name => "simulated annotators";

    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var question in questions)
        {
            cancel.ThrowIfCancellationRequested();
            var number = (long)(seed.For(question.Id).Value >> 1);
            if (question.Answers.Length > 2)
            {
                var choice = annotators.Choose(question.Prompt, question.Answers, number);
                yield return new Reply(question.Id, choice.Best, choice.Annotator);
                continue;
            }

            var comparison = annotators.Compare(question.Prompt, question.Answers[0], question.Answers[1], number);
            var preferred = comparison.ToPreference()?.Chosen;
            yield return new Reply(question.Id, preferred is null ? null : question.Answers.IndexOf(preferred), comparison.Annotator);
        }
    }
}
