using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Worlds.Annotators;

namespace Attune.Recipes.Sources;

/// <summary>Simulated annotators, who answer at once and say the same to the same question whenever it is asked.</summary>
internal sealed class SimulatedSource(SimulatedAnnotators annotators) : IFeedbackSource
{
    public string Name => "simulated annotators";

    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        foreach (var question in questions)
        {
            cancel.ThrowIfCancellationRequested();
            yield return Answer(question);
        }
    }

    private Reply Answer(Question question)
    {
        var index = (long)(new Seed(0).For(question.Id).Value >> 1);
        if (question.Answers.Length > 2)
        {
            var choice = annotators.Choose(question.Prompt, question.Answers, index);
            return new Reply(question.Id, choice.Best, choice.Annotator);
        }

        var compared = annotators.Compare(question.Prompt, question.Answers[0], question.Answers[1], index);
        var preferred = compared.ToPreference();
        return new Reply(question.Id, preferred is null ? null : question.Answers.IndexOf(preferred.Chosen), compared.Annotator);
    }
}

/// <summary>The person at the terminal, one pair after another.</summary>
internal sealed class PersonSource(IPersonAsked person) : IFeedbackSource
{
    public string Name => "the person at the terminal";

    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        for (var i = 0; i < questions.Count; i++)
        {
            var question = questions[i];
            switch (person.Ask(i + 1, questions.Count, question.Prompt.Key, question.Answers[0], question.Answers[1], cancel))
            {
                case Running.Answer.First:
                    yield return new Reply(question.Id, 0, "person");
                    break;
                case Running.Answer.Second:
                    yield return new Reply(question.Id, 1, "person");
                    break;
                case Running.Answer.Skip:
                    yield return new Reply(question.Id, null, "person");
                    break;
                default:
                    yield break;
            }
        }
    }
}
