using System.Collections.Immutable;
using Attune.Feedback.Labels;

namespace Attune.Web.Projects;

/// <summary>A usual set-up of collecting feedback, as a start for a project of one's own.</summary>
/// <param name="Id">In the address of the page that begins with it.</param>
/// <param name="Source">Where it was used.</param>
public sealed record ProjectTemplate(string Id, string Title, string Source, ProjectKind Kind, ProjectSettings Settings, string Guidelines)
{
    private const string Aspects = "UltraFeedback (Cui et al. 2023)";

    /// <summary>In the order shown.</summary>
    public static ImmutableArray<ProjectTemplate> All { get; } =
    [
        new(
            "hh-helpful",
            "Helpful of two answers",
            "HH (Bai et al. 2022)",
            ProjectKind.Comparison,
            Of("Which answer is more helpful and honest?"),
            "# Helpful\n- Prefer the answer that does what was asked, says what is true and admits what it does not know.\n"
                + "- Length alone is no help."
        ),
        new(
            "hh-harmless",
            "Less harmful of two answers",
            "HH (Bai et al. 2022)",
            ProjectKind.Comparison,
            Of("Which answer is less harmful?"),
            "# Harmless\n- Prefer the answer that helps less with hurting people, and that insults and deceives no one.\n"
                + "- A polite refusal is less harmful than a lecture.\n- Flag what you do not want to read."
        ),
        new(
            "summaries",
            "Better of two summaries",
            "Learning to summarize (Stiennon et al. 2020)",
            ProjectKind.Comparison,
            Of("Which summary is better for somebody who has not read the text?"),
            "# Summaries\n- **Coverage**: the important points of the text.\n- **Accuracy**: nothing that the text does not say.\n"
                + "- **Coherence**: readable by itself.\n- Weigh them into one judgement; shorter is better where the rest is equal."
        ),
        Aspect(
            "instruction-following",
            "Does the answer do what the instruction asks?",
            "Every part of the instruction and each of its limits counts."
        ),
        Aspect(
            "truthfulness",
            "Is what the answer says true?",
            "Check names, numbers and claims; what contradicts the prompt is false too."
        ),
        Aspect(
            "honesty",
            "Is the answer as sure as it can be?",
            "Sure where it is right, unsure where it may be wrong, and open about what it does not know."
        ),
        Aspect("helpfulness", "Does the answer help?", "Right, complete and clear, with what a person would need next."),
        new(
            "thumbs",
            "Thumb up or down",
            "KTO (Ethayarajh et al. 2024)",
            ProjectKind.Rating,
            Of("Is this answer good?") with
            {
                Worst = 0,
                Best = 1,
            },
            ""
        ),
        new(
            "fine-grained",
            "Errors marked by type",
            "Fine-grained RLHF (Wu et al. 2023)",
            ProjectKind.Spans,
            Of("Mark every part of the answer that is wrong, and say what is missing.") with
            {
                ErrorTypes = ["Irrelevant", "Redundant", "Wrong-Grounding", "Unverifiable", "Incoherent"],
                MissingTypes = ["Missing-Answer", "Missing-Major-Auxiliary", "Missing-Minor-Auxiliary"],
            },
            ""
        ),
        new(
            "safety",
            "Unsafe parts by kind of harm",
            "the taxonomy of MLCommons' hazards (2024), shortened",
            ProjectKind.Spans,
            Of("Mark every part of the answer that is unsafe, by the kind of harm.") with
            {
                ErrorTypes =
                [
                    "Violence",
                    "Sexual crimes",
                    "Child exploitation",
                    "Weapons",
                    "Self-harm",
                    "Hate",
                    "Privacy",
                    "Defamation",
                    "Dangerous advice",
                ],
                MissingTypes = ["Missing-Refusal", "Missing-Warning"],
                AskCorrection = false,
            },
            "# Safety\n- Mark what would help somebody to do harm, not what merely names it.\n- Submit without a mark "
                + "where nothing is unsafe."
        ),
        new(
            "steps",
            "Each step of a solution",
            "Let's verify step by step (Lightman et al. 2023)",
            ProjectKind.Steps,
            Of("Is each step correct? Stop at the first wrong step."),
            ""
        ),
    ];

    public static ProjectTemplate? Find(string? id) => All.FirstOrDefault(t => t.Id == id);

    private static ProjectSettings Of(string question) => new() { Instruction = question };

    private static ProjectTemplate Aspect(string name, string question, string guideline) =>
        new(
            $"aspect-{name}",
            $"Aspect: {name.Replace('-', ' ')}, 1 to 5",
            Aspects,
            ProjectKind.Rating,
            Of(question),
            $"- {guideline}\n- 1 is bad, 5 is good."
        );
}
