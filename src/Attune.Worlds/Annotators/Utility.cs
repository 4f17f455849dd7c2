using System.Collections.Immutable;
using Attune.Core.Conversations;

namespace Attune.Worlds.Annotators;

/// <summary>Ways to make an <see cref="IUtility"/>.</summary>
public static class Utility
{
    /// <summary>Any function of prompt and answer, as a utility of one component named "utility".</summary>
    public static IUtility From(Func<Prompt, string, double> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new OfFunction(function);
    }

    private sealed class OfFunction(Func<Prompt, string, double> function) : IUtility
    {
        public UtilityBreakdown Of(Prompt prompt, string answer) =>
            new(ImmutableArray.Create(new UtilityComponent("utility", 1, function(prompt, answer))));
    }
}
