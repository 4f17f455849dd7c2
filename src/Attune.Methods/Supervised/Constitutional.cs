using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Options;
using Attune.Core.Runs;

namespace Attune.Methods.Supervised;

/// <summary>Which revisions are learned.</summary>
public enum LearnedRevisions
{
    /// <summary>Of every round.</summary>
    All,

    /// <summary>The last alone.</summary>
    Last,
}

/// <summary>The supervised stage of Constitutional AI. Default: the paper's four rounds, all of whose revisions are learned.</summary>
[Method(
    "constitutional",
    "Constitutional AI",
    "criticise and revise the policy's answers by principles, and fine-tune it on the revisions",
    Paper = "Bai et al. 2022 (arXiv:2212.08073)",
    Example = "attune constitutional --model DIR --prompts prompts.jsonl --constitution recipes/constitutions/general.yaml "
        + "--critic-model DIR --out runs/constitutional"
)]
public sealed record ConstitutionalOptions
{
    [Description("critiques and revisions of each answer, each by a principle drawn anew")]
    [Range(1, 100)]
    public int Rounds { get; init; } = 4;

    [Description("revisions to learn: all (of every round) or last")]
    public LearnedRevisions Revisions { get; init; } = LearnedRevisions.All;

    [Flatten]
    public SftOptions Fit { get; init; } = new();
}

/// <summary>What the supervised stage learns (Bai et al. 2022, section 3.1): prompts with their revisions, as demonstrations.</summary>
public static class Constitutional
{
    /// <summary>
    /// The revisions of one answer that are learned, in the order of their rounds. A revision that equals the one before is learned again:
    /// a round that changes nothing says that the answer is good.
    /// </summary>
    /// <param name="prompt">The prompt as the policy reads it.</param>
    public static ImmutableArray<Demonstration> Demonstrations(Prompt prompt, RevisionRecord record, LearnedRevisions learned) =>
        learned == LearnedRevisions.Last
            ? [new Demonstration(prompt, record.Final)]
            : [.. record.Rounds.Select(r => new Demonstration(prompt, r.Revision))];
}
