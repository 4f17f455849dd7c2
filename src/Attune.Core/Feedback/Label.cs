using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Attune.Core.Conversations;

namespace Attune.Core.Feedback;

/// <summary>
/// What someone said about answers to a prompt. People, simulated annotators and models that judge all speak in these
/// records, so AI feedback takes the same road as human feedback.
/// </summary>
public abstract record Label(Prompt Prompt)
{
    /// <summary>Who said it; null where the source does not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Annotator { get; init; }

    /// <summary>How a model came to say it; null where a person did, or the source does not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelAuthor? Model { get; init; }

    /// <summary>The answers that were cut at the longest length; they are learned without an end token.</summary>
    [JsonIgnore]
    public CutAnswers Cut { get; init; }
}

/// <summary>An answer worth imitating.</summary>
public sealed record Demonstration(Prompt Prompt, string Answer) : Label(Prompt)
{
    /// <summary>The whole reply where it calls tools, which its text does not say; null for a text alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Message? Reply { get; init; }
}

/// <summary>One answer preferred to another.</summary>
/// <param name="Margin">How much better, in the annotator's scale; null where only the order was asked.</param>
public sealed record Preference(Prompt Prompt, string Chosen, string Rejected, double? Margin = null) : Label(Prompt)
{
    /// <summary>Probability that the chosen answer is better, such as the share of annotators who said so; one half is a tie.</summary>
    [JsonIgnore]
    public double Probability { get; init; } = 1;

    /// <summary>The same as JSON has it: absent where the label is certain.</summary>
    [JsonInclude]
    [JsonPropertyName("probability")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    private double? Uncertain
    {
        get => Probability == 1 ? null : Probability;
        init => Probability = value ?? 1;
    }

    /// <summary>A third answer, to be imitated (the column <c>reference</c> of triple preferences); null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Gold { get; init; }
}

/// <summary>The best of K answers (Ziegler et al. 2019).</summary>
/// <param name="Best">Index into <paramref name="Answers"/>.</param>
public sealed record Choice(Prompt Prompt, ImmutableArray<string> Answers, int Best) : Label(Prompt);

/// <summary>K answers ordered.</summary>
/// <param name="Ranks">One rank an answer, 1 is best; equal ranks are ties.</param>
public sealed record Ranking(Prompt Prompt, ImmutableArray<string> Answers, ImmutableArray<int> Ranks) : Label(Prompt);

/// <summary>One answer judged alone.</summary>
public sealed record Verdict(Prompt Prompt, string Answer, bool Desirable) : Label(Prompt);

/// <summary>A step of a solution and its label: 1 right, 0 neutral, -1 wrong, or a soft value between.</summary>
public readonly record struct ReasoningStep(string Text, double Label);

/// <summary>Labels on the steps of a solution.</summary>
public sealed record StepLabels(Prompt Prompt, ImmutableArray<ReasoningStep> Steps) : Label(Prompt)
{
    /// <summary>Whether the answer that the solution comes to is right, however it came to it; null where that is not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Outcome { get; init; }
}
