using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Feedback.Storage;

namespace Attune.Feedback;

/// <summary>
/// Asks people through the annotation app while a run waits. Questions become tasks of a project and are recognised by their content: a run
/// that was killed and asks again finds its questions and the answers that came meanwhile, and no one is asked the same twice. They
/// come before the project's other tasks.
/// </summary>
/// <param name="run">Names the run; managers see it as the author of the answers.</param>
/// <param name="project">Of kind Comparison (two answers) or BestOf.</param>
/// <param name="poll">How often to look for answers.</param>
public sealed class StoreFeedbackSource(FeedbackStore store, ProjectInfo project, string run, TimeSpan poll) : IFeedbackSource
{
    private const int FirstPriority = 1;
    private const int MaxAttempts = 20;

    public string Name => $"people at project '{project.Name}'";

    /// <summary>
    /// The first label of each task is its reply; ties, "none" and tasks that were retired are replies without a best answer.
    /// </summary>
    /// <exception cref="ConfigurationException">The project does not ask this kind of question.</exception>
    public async IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, [EnumeratorCancellation] CancellationToken cancel)
    {
        var kind = questions.Any(q => q.Answers.Length != 2) ? ProjectKind.BestOf : ProjectKind.Comparison;
        if (project.Kind != kind && project.Kind != ProjectKind.BestOf)
        {
            throw new ConfigurationException(
                $"project '{project.Name}' asks for {project.Kind}; questions of this run ask for {kind}. Make a project of that kind."
            );
        }
        // Recognised by its content, so adding it twice adds it once.
        await RetryAsync(() => store.Tasks.AddItemsAsync(null, project.Id, [.. questions.Select(Item)], cancel), cancel);
        var open = questions.ToLookup(ContentOf).ToDictionary(g => g.Key, g => g.ToArray());
        while (open.Count > 0)
        {
            foreach (var (content, task) in await RetryAsync(() => store.Tasks.WithContentAsync(project.Id, open.Keys, cancel), cancel))
            {
                if (!IsAnswered(task) || !open.Remove(content, out var alike))
                {
                    continue;
                }
                foreach (var question in alike)
                {
                    yield return ReplyOf(question, task);
                }
            }

            if (open.Count > 0)
            {
                await Task.Delay(poll, store.Options.Time, cancel);
            }
        }
    }

    /// <summary>The tasks that these questions became, for a snapshot of their answers.</summary>
    internal static async Task<ImmutableHashSet<Guid>> TasksOfAsync(
        FeedbackStore store,
        ProjectInfo project,
        IEnumerable<Question> questions,
        CancellationToken cancel
    ) => [.. (await store.Tasks.WithContentAsync(project.Id, questions.Select(ContentOf).Distinct(), cancel)).Select(t => t.Task.Id)];

    /// <summary>A run that waits for people also waits for a busy database, but not for one that is gone.</summary>
    private async Task<T> RetryAsync<T>(Func<Task<T>> ask, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ask();
            }
            catch (StoreBusyException busy) when (attempt < MaxAttempts)
            {
                await Task.Delay(busy.RetryAfter, store.Options.Time, cancel);
            }
        }
    }

    private static string ContentOf(Question question) =>
        Contents.HashOf(
            new ItemContent(question.Prompt, [.. question.Answers.Select((a, i) => new Candidate(a) { IsCut = question.Cut.Contains(i) })])
        );

    private NewItem Item(Question question) =>
        new(
            new ItemContent(
                question.Prompt,
                [
                    .. question.Answers.Select(
                        (a, i) => new Candidate(a) { IsCut = question.Cut.Contains(i), Policy = $"{run}@{question.PolicyVersion}" }
                    ),
                ]
            )
            {
                ExternalId = $"{run}:{question.Id}",
            }
        )
        {
            Priority = FirstPriority,
        };

    private static bool IsAnswered(ManagerTask task) => task.State != "open" || task.Labels.Any(l => l.Judgement is not null);

    private static Reply ReplyOf(Question question, ManagerTask task)
    {
        var label = task.Labels.FirstOrDefault(l => l.Judgement is not null);
        int? best = label?.Judgement switch
        {
            ComparisonJudgement { Pick: Pick.First } => 0,
            ComparisonJudgement { Pick: Pick.Second } => 1,
            ChoiceJudgement choice => choice.Best,
            _ => null,
        };
        return new Reply(question.Id, best, label?.Pseudonym) { IsTie = label?.Judgement is ComparisonJudgement { Pick: Pick.Tie } };
    }
}
