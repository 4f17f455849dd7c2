using Attune.Core.Conversations;

namespace Attune.Worlds.Annotators;

/// <summary>
/// What simulated annotators want of an answer, in fixed units. It is hidden: feedback is drawn from it, reports measure
/// with it ("gold reward"), and nothing is ever trained on it directly.
/// </summary>
public interface IUtility
{
    UtilityBreakdown Of(Prompt prompt, string answer);
}
