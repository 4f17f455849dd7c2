using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Files;

namespace Attune.Recipes.Running;

/// <summary>
/// What stages pass on: folders and files, never objects, so that a run resumed tomorrow finds what today's left.
/// </summary>
public sealed record Handover
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The policy so far: a folder in Hugging Face layout.</summary>
    public string? Policy { get; init; }

    /// <summary>The model before any fine-tuning, the judge of fluency.</summary>
    public string? Pretrained { get; init; }

    /// <summary>Tokenizer files, where no model came with them.</summary>
    public string? Tokenizer { get; init; }

    public string? Reward { get; init; }

    /// <summary>Feedback for training the reward model.</summary>
    public string? Preferences { get; init; }

    /// <summary>Feedback on held-out prompts.</summary>
    public string? HeldOutPreferences { get; init; }

    /// <summary>Name of the hidden utility that the simulated annotators hold; null where people answered.</summary>
    public string? Utility { get; init; }

    internal static Handover Read(string path) => JsonSerializer.Deserialize<Handover>(File.ReadAllText(path), Json)!;

    internal void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json));
}
