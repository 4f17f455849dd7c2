using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Core.Feedback;

/// <summary>Several answers to one prompt: which is best?</summary>
/// <param name="Id">Names the question within its run, and stays the same when the run is resumed or repeated: "online/3/17".</param>
/// <param name="Answers">Two or more, in the order to show them, which is already random.</param>
/// <param name="PolicyVersion">Updates of the policy when it wrote them.</param>
public sealed record Question(string Id, Prompt Prompt, ImmutableArray<string> Answers, long PolicyVersion);

/// <summary>What someone said to a question.</summary>
/// <param name="Best">Index into the question's answers; null where none was preferred: a tie, or the question was passed over.</param>
/// <param name="Annotator">Who said it; null where the source does not say.</param>
public sealed record Reply(string QuestionId, int? Best, string? Annotator = null)
{
    /// <summary>Index of the worst answer, where the source ranks them; null where it does not, or where several are.</summary>
    public int? Worst { get; init; }
}
