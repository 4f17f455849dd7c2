using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Recipes.Running;

/// <summary>
/// What stages pass on: folders and files, never objects, so that a run resumed tomorrow finds what today's left.
/// </summary>
public sealed record Artifacts
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>The policy so far: a folder in Hugging Face layout.</summary>
    public string? Policy { get; init; }

    /// <summary>The model before any fine-tuning, the judge of fluency.</summary>
    public string? Pretrained { get; init; }

    /// <summary>The pretrained model's folder where it is another than the policy's; null where the policy is it.</summary>
    public string? PretrainedApart => Pretrained == Policy ? null : Pretrained;

    /// <summary>Tokenizer files, where no model came with them.</summary>
    public string? Tokenizer { get; init; }

    public string? Reward { get; init; }

    /// <summary>Feedback for training the reward model.</summary>
    public string? Preferences { get; init; }

    /// <summary>Feedback on held-out prompts.</summary>
    public string? HeldOutPreferences { get; init; }

    /// <summary>Answers with marked spans, to learn span models from.</summary>
    public string? Spans { get; init; }

    /// <summary>The same on held-out prompts.</summary>
    public string? HeldOutSpans { get; init; }

    /// <summary>Folder that has a folder for each span model.</summary>
    public string? SpanModels { get; init; }

    /// <summary>The process reward model that a stage trained last.</summary>
    public string? Process { get; init; }

    /// <summary>The outcome model that a stage trained last on labelled solutions.</summary>
    public string? Outcome { get; init; }

    /// <summary>What was measured of a judge: a <c>judge.json</c>.</summary>
    public string? Judge { get; init; }

    /// <summary>Name of the hidden utility that the simulated annotators hold; null where people answered.</summary>
    public string? Utility { get; init; }

    /// <param name="runFolder">Folders and files inside it are written relative to it, so that a run that was moved goes on.</param>
    /// <exception cref="ModelFileException">The file is damaged.</exception>
    internal static Artifacts Read(string path, string runFolder)
    {
        try
        {
            var written = JsonSerializer.Deserialize<Artifacts>(File.ReadAllText(path), Json) ?? throw new JsonException("null");
            return written.Map(place => Path.GetFullPath(place, Path.GetFullPath(runFolder)));
        }
        catch (JsonException problem)
        {
            throw new ModelFileException(
                $"{path} is damaged: {problem.Message.TrimEnd('.')}. Delete the folder of that stage to run it again.",
                problem
            );
        }
    }

    internal void Write(string path, string runFolder) =>
        AtomicFile.WriteText(path, JsonSerializer.Serialize(Map(place => Within(runFolder, place)), Json));

    private static string Within(string runFolder, string place)
    {
        var (root, whole) = (Path.GetFullPath(runFolder) + Path.DirectorySeparatorChar, Path.GetFullPath(place));
        return whole.StartsWith(root, StringComparison.Ordinal) ? whole[root.Length..] : whole;
    }

    private Artifacts Map(Func<string, string> change)
    {
        string? Changed(string? place) => place is null ? null : change(place);
        return this with
        {
            Policy = Changed(Policy),
            Pretrained = Changed(Pretrained),
            Tokenizer = Changed(Tokenizer),
            Reward = Changed(Reward),
            Preferences = Changed(Preferences),
            HeldOutPreferences = Changed(HeldOutPreferences),
            Spans = Changed(Spans),
            HeldOutSpans = Changed(HeldOutSpans),
            SpanModels = Changed(SpanModels),
            Process = Changed(Process),
            Outcome = Changed(Outcome),
            Judge = Changed(Judge),
        };
    }
}
