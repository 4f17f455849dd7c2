using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Recipes.Running;

namespace Attune.Recipes.Sources;

/// <summary>The person at the terminal, one pair after another.</summary>
internal sealed class PersonSource(IPerson person) : IFeedbackSource
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
