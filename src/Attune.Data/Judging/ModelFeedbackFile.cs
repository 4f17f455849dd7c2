using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Files;

namespace Attune.Data.Judging;

/// <summary>Comparisons by models with everything that was asked and said: <c>feedback.jsonl</c>, a line each.</summary>
public static class ModelFeedbackFile
{
    public const string FileName = "feedback.jsonl";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private sealed record Line(
        string Prompt,
        string A,
        string B,
        string Principle,
        string Judge,
        double? P,
        double? PShown,
        double? PReversed,
        string Evidence,
        string PromptHash,
        string? Thought
    );

    /// <summary>Writes the file whole. <c>p</c> is P(a is better); <c>p_shown</c> and <c>p_reversed</c> are P(first shown).</summary>
    public static void Write(string path, IEnumerable<ModelComparison> comparisons) =>
        AtomicFile.WriteText(path, string.Concat(comparisons.Select(c => JsonSerializer.Serialize(LineOf(c), Json) + "\n")));

    private static Line LineOf(ModelComparison c) =>
        new(
            PromptText.Of(c.Pair.Prompt),
            c.Pair.A,
            c.Pair.B,
            c.Principle,
            c.Judge,
            c.Probability,
            c.Shown.First,
            c.Reversed.First,
            ModelComparison.Name(c.Shown.Evidence),
            c.Shown.PromptHash,
            c.Shown.Thought
        );
}
