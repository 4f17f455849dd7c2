using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Feedback.Labels;
using Attune.Feedback.Projects;
using Attune.Reports.Control;

namespace Attune.Web.Annotation;

/// <summary>
/// The data for the page of one task. It comes from the store's view for annotators, which contains no policies, scores or gold marks, so a
/// page cannot show them by mistake.
/// </summary>
public sealed record TaskView
{
    public required ProjectKind Kind { get; init; }
    public required Guid Project { get; init; }
    public required string ProjectName { get; init; }
    public required Guid Task { get; init; }
    public required Guid Lease { get; init; }

    /// <summary>Created with the page, so that a form sent twice gives one label.</summary>
    public required Guid Submission { get; init; }

    public required ProjectSettings Settings { get; init; }
    public required Prompt Prompt { get; init; }
    public ImmutableArray<ImmutableArray<string>> Passages { get; init; } = [];

    /// <summary>In the order shown.</summary>
    public required ImmutableArray<ShownAnswer> Answers { get; init; }

    /// <summary>"Task 3 of 5".</summary>
    public required int Number { get; init; }
    public required int Total { get; init; }
    public string Guidelines { get; init; } = "";
    public int GuidelineVersion { get; init; } = 1;

    /// <summary>The newest version that the person says to have read; null for none.</summary>
    public GuidelineVersion? Acknowledged { get; init; }

    /// <summary>JSON: {"fields": [[name, value], ...], "at": milliseconds}; empty if nothing was typed.</summary>
    public string Draft { get; init; } = "";

    /// <summary>The page follows a submission, which can still be undone.</summary>
    public bool JustSubmitted { get; init; }

    /// <summary>The lease of the task whose first answer stands because it was submitted twice.</summary>
    public Guid? Earlier { get; init; }
    public ImmutableArray<ChatTurnView> Turns { get; init; } = [];
    public bool ModelIsThere { get; init; } = true;

    public string Url => $"/work/{Project}/{Lease}";

    public ImmutableArray<KeyAction> Keys =>
        KeyMap.For(
            Kind,
            Kind switch
            {
                ProjectKind.Spans => ErrorTypes.Length,
                ProjectKind.Rating => RatingLevels.Length,
                _ => Answers.Length,
            },
            ties: IsOfClips
        );

    /// <summary>Whether what is judged are clips of an agent. Two of them may be called equally good.</summary>
    public bool IsOfClips => Answers.Length > 0 && Answers.All(a => ClipText.Read(a.Text) is not null);

    /// <summary>Types of error to mark: the project's own, or those of fine-grained RLHF (Wu et al. 2023).</summary>
    public ImmutableArray<string> ErrorTypes =>
        Settings.ErrorTypes.IsEmpty ? ["Irrelevant", "Redundant", "Wrong-Grounding", "Unverifiable", "Incoherent"] : Settings.ErrorTypes;

    public ImmutableArray<string> MissingTypes =>
        Settings.MissingTypes.IsEmpty ? ["Missing-Answer", "Missing-Major-Auxiliary", "Missing-Minor-Auxiliary"] : Settings.MissingTypes;

    /// <summary>The levels to choose from; empty if the scale is too fine for buttons.</summary>
    public ImmutableArray<double> RatingLevels
    {
        get
        {
            var (worst, best) = (Settings.Worst, Settings.Best);
            return best - worst <= 10 && worst == Math.Truncate(worst) && best == Math.Truncate(best)
                ? [.. Enumerable.Range(0, (int)(best - worst) + 1).Select(i => worst + i)]
                : [];
        }
    }
}

/// <summary>An answer as shown.</summary>
public sealed record ShownAnswer(string Text, ImmutableArray<string> Steps);

/// <summary>A turn of a chat.</summary>
/// <param name="Chosen">The position of the preferred reply; null while undecided.</param>
public sealed record ChatTurnView(int Number, string User, ImmutableArray<string> Replies, int? Chosen);
