using Attune.Feedback.Labels;

namespace Attune.Web.Annotation;

/// <summary>Kinds of projects, for people.</summary>
public static class KindWords
{
    public static string Of(ProjectKind kind) =>
        kind switch
        {
            ProjectKind.Comparison => "Compare two answers, A A A A B B B B",
            ProjectKind.Ranking => "Rank several answers, ties allowed",
            ProjectKind.BestOf => "Choose the best of several answers",
            ProjectKind.Steps => "Rate each step of a solution",
            ProjectKind.Spans => "Mark errors, what is missing, and correct",
            ProjectKind.Rating => "Rate one answer, on a scale or by thumb",
            _ => "Chat with the model, two replies a turn",
        };

    public static string Question(ProjectKind kind) =>
        kind switch
        {
            ProjectKind.Ranking => "Rank the answers from best to worst.",
            ProjectKind.BestOf => "Choose the best answer.",
            ProjectKind.Steps => "Is each step right? Stop at the first that is wrong.",
            ProjectKind.Spans => "Mark every part of the answer that is wrong, say what is missing, and correct it.",
            ProjectKind.Rating => "How good is this answer?",
            _ => "Choose the most helpful and honest response.",
        };
}
