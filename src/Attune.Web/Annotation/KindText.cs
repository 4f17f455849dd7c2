using Attune.Feedback.Labels;

namespace Attune.Web.Annotation;

/// <summary>Descriptions of the kinds of projects.</summary>
public static class KindText
{
    public static string Of(ProjectKind kind) =>
        kind switch
        {
            ProjectKind.Comparison => "Compare two answers, on a scale from A to B",
            ProjectKind.Ranking => "Rank several answers, ties allowed",
            ProjectKind.BestOf => "Choose the best of several answers",
            ProjectKind.Steps => "Rate each step of a solution",
            ProjectKind.Spans => "Mark errors and omissions, and correct the answer",
            ProjectKind.Rating => "Rate one answer, on a scale or with thumbs",
            ProjectKind.Timed => "Praise and scold an agent while it acts",
            _ => "Chat with the model, choosing between two replies per turn",
        };

    public static string Question(ProjectKind kind) =>
        kind switch
        {
            ProjectKind.Ranking => "Rank the answers from best to worst.",
            ProjectKind.BestOf => "Choose the best answer.",
            ProjectKind.Steps => "Is each step correct? Stop at the first wrong step.",
            ProjectKind.Spans => "Mark every part of the answer that is wrong, say what is missing, and correct it.",
            ProjectKind.Rating => "How good is this answer?",
            _ => "Choose the most helpful and honest response.",
        };
}
