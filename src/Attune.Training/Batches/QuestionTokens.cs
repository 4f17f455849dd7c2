using System.Collections.Immutable;
using Attune.Core.Tokens;

namespace Attune.Training.Batches;

/// <summary>Questions to a language model with a reply whose log-probability is asked for.</summary>
internal static class QuestionTokens
{
    /// <summary>What the context cannot hold is cut from the beginning of the question.</summary>
    /// <param name="room">Tokens of the question that are read.</param>
    public static TokenSequence With(ImmutableArray<int> question, ImmutableArray<int> reply, int room)
    {
        var tokens = question.Length > room ? question[^room..] : question;
        return new TokenSequence([.. tokens, .. reply], tokens.Length);
    }
}
