namespace Attune.Core.Feedback;

/// <summary>
/// Answers questions while a run waits: simulated annotators, the person at the terminal, people in the annotation app, a model
/// that judges.
/// </summary>
public interface IFeedbackSource
{
    /// <summary>For logs and reports.</summary>
    string Name { get; }

    /// <summary>
    /// Asks the questions and yields the replies as they arrive, in any order. Ends when every question has its reply, or when there
    /// will be no more (a person stops). The caller cancels when it has waited long enough, and stops reading when it has
    /// enough replies.
    /// </summary>
    /// <remarks>
    /// A run that was killed while it waited asks the same questions again, with the same ids, except those whose replies it had stored.
    /// A source that keeps questions must recognise them: it asks a question once, and yields a reply that came meanwhile.
    /// </remarks>
    IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, CancellationToken cancel);
}
