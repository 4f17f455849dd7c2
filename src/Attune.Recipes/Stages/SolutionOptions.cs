using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Recipes.Running;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Answers as solutions of problems that have a right result.</summary>
public sealed record SolutionOptions
{
    [Description(
        "when an answer is right: one match term, such as [{match: answer, extract: last-number, compare: numeric}]; the share of problems "
            + "solved is then measured for several ways to choose (default: it is not)"
    )]
    public ImmutableArray<RewardTerm> Right { get; init; } = [];

    [Description(
        "folder of a process reward model, or 'trained' for that of an earlier process-reward stage: chooses by the product and by the "
            + "minimum of its steps, and weighs votes"
    )]
    public string? Process { get; init; }

    [Description(
        "folder of an outcome model, which process-reward trains with supervise: outcome, or 'trained' for an earlier stage's: chooses by "
            + "the last step"
    )]
    public string? Outcome { get; init; }

    [Description("random sets of n answers to each problem")]
    [Range(1, 100_000)]
    public int Subsets { get; init; } = 400;

    internal MatchTerm? Match => Right.Length == 1 ? Right[0] as MatchTerm : null;

    /// <summary>What is wrong or will not be found, each one sentence.</summary>
    internal IEnumerable<string> Missing(string kind, PlannedArtifacts given)
    {
        if (Process == ModelTerm.Trained && !given.Process)
        {
            yield return $"{kind}.solutions.process is '{ModelTerm.Trained}', but no process-reward stage comes before. Name a folder.";
        }

        if (Outcome == ModelTerm.Trained && !given.Outcome)
        {
            yield return $"{kind}.solutions.outcome is '{ModelTerm.Trained}', but no process-reward stage with supervise: outcome comes "
                + "before. Name a folder.";
        }

        if (Right.IsEmpty)
        {
            if ((Process ?? Outcome) is not null)
            {
                yield return $"{kind}.solutions has a model to choose by, but not when an answer is right. Expected right, a match term.";
            }

            yield break;
        }

        if (Match is not { } match)
        {
            yield return $"{kind}.solutions.right has {Right.Length} terms; expected one match term, whose results are voted on.";
            yield break;
        }

        RewardTerm[] terms = [match, .. Judges.Select(j => j.Term)];
        foreach (var problem in terms.SelectMany(t => t.Missing(new RewardPlan(kind + ".solutions", HasTrainedModel: true))))
        {
            yield return problem;
        }
    }

    /// <summary>The same with folders in place of 'trained'.</summary>
    internal SolutionOptions Of(Artifacts given) =>
        this with
        {
            Process = Process == ModelTerm.Trained ? given.Process : Process,
            Outcome = Outcome == ModelTerm.Trained ? given.Outcome : Outcome,
        };

    /// <summary>What solutions are chosen by, with the names of figures.</summary>
    internal IEnumerable<(string Name, RewardTerm Term)> Judges =>
        [
            .. Process is { } process
                ?
                [
                    (SolutionFigures.Product, new ProcessTerm { Process = process }),
                    (SolutionFigures.Minimum, new ProcessTerm { Process = process, Aggregate = StepAggregation.Min }),
                ]
                : Array.Empty<(string, RewardTerm)>(),
            .. Outcome is { } outcome
                ? [(SolutionFigures.Last, new ProcessTerm { Process = outcome, Aggregate = StepAggregation.Last })]
                : Array.Empty<(string, RewardTerm)>(),
        ];
}
