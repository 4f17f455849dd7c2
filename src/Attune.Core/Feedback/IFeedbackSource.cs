namespace Attune.Core.Feedback;

/// <summary>
/// Who answers questions while a run waits: simulated annotators, the person at the terminal, people at an annotation server, a model
/// that judges.
/// </summary>
public interface IFeedbackSource
{
    /// <summary>For logs and reports.</summary>
    string Name { get; }

    /// <summary>
    /// Puts the questions and hands out the replies as they come, in any order. Ends when every question has its reply, or when there
    /// will be no more (a person has had enough). Whoever asks cancels when he has waited long enough, and stops reading when he has
    /// what he needs.
    /// </summary>
    /// <remarks>
    /// A run that was killed while it waited asks the same questions again, with the same ids, less those whose replies it had noted.
    /// A source that keeps questions must know them by id: a question is put once, and a reply that came meanwhile is handed out.
    /// </remarks>
    IAsyncEnumerable<Reply> AskAsync(IReadOnlyList<Question> questions, CancellationToken cancel);
}
