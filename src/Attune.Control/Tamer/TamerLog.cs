using System.Text.Json;
using Attune.Core;

namespace Attune.Control.Tamer;

/// <summary>Sessions as JSON lines: one event a line, numbers written so that they come back as they were.</summary>
public static class TamerLog
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static string Line(TamerEvent happened) => JsonSerializer.Serialize(happened, Json);

    /// <summary>The events of a log; blank lines are left out.</summary>
    /// <exception cref="DataException">A line is no event; the message names file and line.</exception>
    public static IEnumerable<TamerEvent> Read(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, path, number);
            }
        }
    }

    private static TamerEvent Parse(string line, string path, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<TamerEvent>(line, Json) ?? throw new JsonException("null is no event.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new DataException(
                $"{path}, line {number}: not an event of a TAMER session; expected an object whose \"event\" is \"episode\", \"step\", "
                    + $"\"end\" or \"feedback\", with that event's fields. {e.Message}"
            );
        }
    }
}
