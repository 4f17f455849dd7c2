using System.Collections.Immutable;
using Attune.Core.Feedback;

namespace Attune.Methods.Policy.Online;

/// <summary>
/// What was asked and what was answered, kept the moment it happens, so that a run that was killed while it waited asks the same questions
/// again, and none that was answered. Refreshes count from 0.
/// </summary>
public interface IQuestionJournal
{
    /// <summary>What was asked for the refresh; null before that.</summary>
    ImmutableArray<Question>? Asked(int refresh);

    void Ask(int refresh, ImmutableArray<Question> questions);

    Reply? ReplyTo(string question);

    void Add(Reply reply);

    /// <summary>Whether the refresh waits for no more replies.</summary>
    bool IsClosed(int refresh);

    void Close(int refresh);

    /// <summary>Questions up to this refresh that were answered with a preference, in the order asked.</summary>
    IEnumerable<(Question Question, Reply Reply)> Labels(int lastRefresh);
}
