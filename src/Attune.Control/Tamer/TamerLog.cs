using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Control.Environments;
using Attune.Core;

namespace Attune.Control.Tamer;

/// <summary>Sessions as JSON lines: one event a line, numbers written so that they come back as they were.</summary>
public static class TamerLog
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

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

    /// <summary>The events of a log of one environment, or of a snapshot's episodes with their rewards.</summary>
    /// <exception cref="DataException">The log is of another environment.</exception>
    public static IEnumerable<TamerEvent> Read(string path, IEnvironment environment)
    {
        foreach (var happened in Kept([.. TamerEpisodes.Holds(path) ? TamerEpisodes.Read(path) : Read(path)]))
        {
            if (happened is EpisodeBegan { Environment: { } name } && name != environment.Name)
            {
                throw new DataException($"{path} is a log of {name}; expected one of {environment.Name}.");
            }

            if (happened is StepBegan step && step.Observation.Length != environment.Observations.Length)
            {
                throw new DataException(
                    $"{path} has observations of {step.Observation.Length} numbers; {environment.Name} has "
                        + $"{environment.Observations.Length}. It is a log of another environment."
                );
            }

            yield return happened;
        }
    }

    /// <summary>What an agent learns from: without feedback that was taken back, and without the taking back.</summary>
    public static IEnumerable<TamerEvent> Kept(IReadOnlyList<TamerEvent> events)
    {
        var (gone, given) = (new HashSet<int>(), new Stack<int>());
        foreach (var (i, happened) in events.Index())
        {
            if (happened is FeedbackGiven)
            {
                given.Push(i);
            }
            else if (happened is FeedbackUndone)
            {
                gone.Add(i);
                if (given.TryPop(out var last))
                {
                    gone.Add(last);
                }
            }
        }

        return events.Where((_, i) => !gone.Contains(i));
    }

    internal static TamerEvent Parse(string line, string path, int number)
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
