using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core.Files;

namespace Attune.Core.Runs;

/// <summary>One round of a critique and a revision.</summary>
/// <param name="Principle">The id of the principle that was drawn.</param>
/// <param name="Revision">The answer that the round ends with: the one before where the critic wrote none.</param>
public sealed record RevisionRound(string Principle, string Critique, string Revision);

/// <summary>How a principled critic changed one answer: a line of <c>revisions.jsonl</c> in a stage's folder.</summary>
/// <param name="Prompt">As a person would read it.</param>
/// <param name="Response">The policy's own answer.</param>
public sealed record RevisionRecord(string Prompt, string Response, ImmutableArray<RevisionRound> Rounds)
{
    public const string FileName = "revisions.jsonl";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The answer after the last round.</summary>
    [JsonIgnore]
    public string Final => Rounds.IsEmpty ? Response : Rounds[^1].Revision;

    public static void Write(string path, IEnumerable<RevisionRecord> records) =>
        AtomicFile.WriteText(path, string.Concat(records.Select(r => JsonSerializer.Serialize(r, Json) + "\n")));

    /// <exception cref="DataException">A line is not such a record.</exception>
    public static ImmutableArray<RevisionRecord> Read(string path) =>
        [.. File.ReadLines(path).Select((line, index) => Parse(line, path, index + 1))];

    private static RevisionRecord Parse(string line, string path, int number)
    {
        try
        {
            return
                JsonSerializer.Deserialize<RevisionRecord>(line, Json)
                    is { Prompt: not null, Response: not null, Rounds.IsDefault: false } read
                ? read
                : throw new JsonException("prompt, response or rounds is missing");
        }
        catch (JsonException problem)
        {
            throw new DataException(
                $"{path}, line {number}: not a record of revisions ({problem.Message.TrimEnd('.')}). Delete the file to write it again."
            );
        }
    }
}
