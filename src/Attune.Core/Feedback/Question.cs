using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Core.Feedback;

/// <summary>Several answers to one prompt: which is best?</summary>
/// <param name="Id">Names the question within its run, and stays the same when the run is resumed or repeated: "online/3/17".</param>
/// <param name="Answers">Two or more, in the order to show them, which is already random.</param>
/// <param name="PolicyVersion">Updates of the policy when it wrote them.</param>
public sealed record Question(string Id, Prompt Prompt, ImmutableArray<string> Answers, long PolicyVersion)
{
    /// <summary>The answers that were cut at the longest length.</summary>
    public CutAnswers Cut { get; init; }

    /// <summary>The label that names the best answer.</summary>
    public Choice Choose(int best, string? annotator) => new(Prompt, Answers, best) { Annotator = annotator, Cut = Cut };

    /// <summary>The label that prefers one of two answers.</summary>
    public Preference Prefer(int better, string? annotator) =>
        new(Prompt, Answers[better], Answers[1 - better]) { Annotator = annotator, Cut = Cut.Select(better, 1 - better) };
}

/// <summary>What someone said to a question.</summary>
/// <param name="Best">Index into the question's answers; null where none was preferred: a tie, or the question was passed over.</param>
/// <param name="Annotator">Who said it; null where the source does not say.</param>
public sealed record Reply(string QuestionId, int? Best, string? Annotator = null)
{
    /// <summary>Whether two answers were called equally good, which teaches; passing a question over does not.</summary>
    public bool IsTie { get; init; }

    /// <summary>Index of the worst answer, where the source ranks them; null where it does not, or where several are.</summary>
    public int? Worst { get; init; }
}
