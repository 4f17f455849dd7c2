using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Cli.Commands.Data;

/// <summary>
/// Preferences in the shape of instruction data: one JSON array of {instruction, input, chosen, rejected}. The prompt is the instruction,
/// the input below it, if any, and an empty line.
/// </summary>
internal static class InstructionPreferences
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private sealed record Row(string? Instruction, string? Input, string? Chosen, string? Rejected);

    /// <exception cref="DataException">The file cannot be read, or a row lacks a text.</exception>
    public static ImmutableArray<Preference> Read(string path)
    {
        try
        {
            var rows = JsonSerializer.Deserialize<Row[]>(File.ReadAllText(path), Json) ?? [];
            return rows.Length == 0
                ? throw new DataException($"{path} has no row.")
                : [.. rows.Select((row, i) => Preference(path, row, i + 1))];
        }
        catch (JsonException problem)
        {
            throw new DataException($"{path} is not an array of {{instruction, input, chosen, rejected}}: {problem.Message.TrimEnd('.')}.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {problem.Message}");
        }
    }

    private static Preference Preference(string path, Row row, int number)
    {
        string Needed(string? text, string field) =>
            text ?? throw new DataException($"{path}, row {number}: field \"{field}\" is missing; expected a text.");
        var prompt = Needed(row.Instruction, "instruction") + (string.IsNullOrEmpty(row.Input) ? "" : "\n" + row.Input) + "\n\n";
        return new Preference(new Prompt.Text(prompt), Needed(row.Chosen, "chosen"), Needed(row.Rejected, "rejected"));
    }
}
