using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Web.Configuration;

namespace Attune.Web.Projects;

/// <summary>Answers from the served model for prompts without any, so that a project can be created from prompts alone.</summary>
internal static class ModelAnswers
{
    /// <summary>The most prompts in one request, which waits for the model.</summary>
    private const int MostPrompts = 1000;

    /// <summary>Extra samples, because a model can give the same answer twice.</summary>
    private const int Spare = 2;

    /// <param name="policy">Null where no model is served.</param>
    /// <returns>The items, and how many were left out because the model always gave the same answer.</returns>
    /// <exception cref="DataException">There are prompts without answers and no model, or too many of them.</exception>
    public static async Task<(ImmutableArray<NewItem> Items, int Alike)> FillAsync(
        ImmutableArray<NewItem> items,
        ProjectKind kind,
        IChatPolicy? policy,
        CancellationToken cancel
    )
    {
        var bare = items.Count(i => i.Content.Candidates.IsEmpty);
        if (kind == ProjectKind.Chat || bare == 0)
        {
            return (items, 0);
        }
        if (policy is null)
        {
            throw new DataException(
                $"the rows have no answers to judge. Give rows with {UnlabelledRows.Expected(kind)}, or let the server serve a model, "
                    + "which then gives them."
            );
        }
        if (bare > MostPrompts)
        {
            throw new DataException(
                $"the file has {bare} prompts without answers; expected at most {MostPrompts} at a time. Add the file in parts."
            );
        }
        var filled = ImmutableArray.CreateBuilder<NewItem>();
        foreach (var item in items)
        {
            if (item.Content.Candidates.IsEmpty && await AnswersAsync(item, kind, policy, cancel) is var answers)
            {
                if (!answers.IsEmpty)
                {
                    filled.Add(item with { Content = item.Content with { Candidates = answers } });
                }
            }
            else
            {
                filled.Add(item);
            }
        }

        return (filled.ToImmutable(), items.Length - filled.Count);
    }

    /// <summary>Distinct answers; empty if there are too few.</summary>
    private static async Task<ImmutableArray<Candidate>> AnswersAsync(
        NewItem item,
        ProjectKind kind,
        IChatPolicy policy,
        CancellationToken cancel
    )
    {
        var count = kind switch
        {
            ProjectKind.Comparison => 2,
            ProjectKind.Ranking or ProjectKind.BestOf => 4,
            _ => 1,
        };
        var seed = new Seed(1).For("answer " + item.Content.Prompt.Key).Value;
        var texts = (await policy.ReplyAsync(item.Content.Prompt, count == 1 ? 1 : count + Spare, seed, cancel))
            .DistinctBy(r => r.Text, StringComparer.Ordinal)
            .Take(count)
            .ToArray();
        if (texts.Length < count)
        {
            return [];
        }
        return
        [
            .. texts.Select(t =>
                (
                    kind == ProjectKind.Steps
                        ? Candidate.OfSteps(t.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                        : new Candidate(t.Text)
                ) with
                {
                    IsCut = t.IsCut,
                    Policy = policy.Name,
                }
            ),
        ];
    }
}
