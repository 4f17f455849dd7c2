using System.Runtime.CompilerServices;
using Attune.Core;
using Attune.Core.Feedback;

namespace Attune.Feedback;

/// <summary>
/// Asks people through the annotation app while a run waits. Questions become tasks of a project, known by the run's name and the question's id, so that
/// a run that was killed and asks again finds its questions, and the answers that came meanwhile. They come before what else the project asks.
/// </summary>
/// <param name="run">Names the run: its questions are told from other runs' by it.</param>
/// <param name="project">Of kind Comparison (two answers) or BestOf.</param>
/// <param name="poll">How often to look for answers.</param>
public sealed class StoreFeedbackSource(FeedbackStore store, ProjectInfo project, string run, TimeSpan poll) : IFeedbackSource
{
    private const int AskedFirst = 1;

    public string Name => $"people at project '{project.Name}'";

    /// <summary>The first label of each task is its reply; ties, "none" and tasks that were retired are replies without a best answer.</summary>
    /// <exception cref="PlanException">The project does not ask this kind of question.</exception>
    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        var kind = questions.Any(q => q.Answers.Length != 2) ? ProjectKind.BestOf : ProjectKind.Comparison;
        if (project.Kind != kind && project.Kind != ProjectKind.BestOf)
            throw new PlanException($"project '{project.Name}' asks for {project.Kind}; questions of this run ask for {kind}. Make a project of that kind.");
        await store.Projects.AddItemsAsync(null, project.Id, [.. questions.Select(Item)], cancel).ConfigureAwait(false);
        var open = questions.ToDictionary(Key);
        while (open.Count > 0)
        {
            foreach (var (key, task) in await FindAsync(open.Keys, cancel).ConfigureAwait(false))
            {
                if (ReplyOf(open[key], task) is not { } reply)
                    continue;
                open.Remove(key);
                yield return reply;
            }

            if (open.Count > 0)
                await Task.Delay(poll, store.Options.Time, cancel).ConfigureAwait(false);
        }
    }

    private string Key(Question question) => $"{run}:{question.Id}";

    private NewItem Item(Question question) => new(new ItemContent(
        question.Prompt, [.. question.Answers.Select(a => new Candidate(a) { Policy = $"{run}@{question.PolicyVersion}" })]) { ExternalId = Key(question) }) { Priority = AskedFirst };

    private async Task<IReadOnlyList<(string Key, ManagerTask Task)>> FindAsync(ICollection<string> keys, CancellationToken cancel)
    {
        var tasks = await store.Projects.TasksNamedAsync(project.Id, keys, cancel).ConfigureAwait(false);
        return [.. tasks.Select(t => (t.Content.ExternalId!, t))];
    }

    private static Reply? ReplyOf(Question question, ManagerTask task)
    {
        if (task.Labels.FirstOrDefault(l => l.Judgement is not null) is not { Judgement: { } judgement } label)
            return task.State == "open" ? null : new Reply(question.Id, null);
        int? best = judgement switch
        {
            ComparisonJudgement { Pick: Pick.First } => 0,
            ComparisonJudgement { Pick: Pick.Second } => 1,
            ChoiceJudgement choice => choice.Best,
            _ => null,
        };
        return new Reply(question.Id, best, label.Pseudonym);
    }
}
