using System.Runtime.CompilerServices;
using Attune.Core.Feedback;
using Attune.Core.Runs;

namespace Attune.Worlds.Annotators;

/// <summary>Simulated annotators as a source of answers: they answer at once, and a question always gets the same answer.</summary>
public sealed class SimulatedSource(SimulatedAnnotators annotators) : IFeedbackSource
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
