using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Control.Tamer;

/// <summary>
/// A session as labels, one an episode: the episode's own lines of the log are what was judged, the feedback is the judgement. An agent
/// that learns from the labels is the one that learned from the log.
/// </summary>
public static class TamerEpisodes
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Feedback after the end of an episode, before the next begins, is that episode's.</summary>
    /// <param name="events">of a session that may have been undone in part, from its first</param>
    public static ImmutableArray<TimedRewards> Of(IReadOnlyList<TamerEvent> events)
    {
        var labels = ImmutableArray.CreateBuilder<TimedRewards>();
        List<TamerEvent> episode = [];
        foreach (var happened in TamerLog.Kept(events))
        {
            if (happened is EpisodeBegan && episode.Count > 0)
            {
                labels.Add(Label(episode));
                episode = [];
            }

            episode.Add(happened);
        }

        if (episode.Count > 0)
        {
            labels.Add(Label(episode));
        }

        return labels.ToImmutable();
    }

    /// <summary>The events of one label, feedback where it came.</summary>
    /// <param name="source">for messages: the file and line of the label</param>
    /// <exception cref="DataException">The episode is none.</exception>
    public static IReadOnlyList<TamerEvent> Events(TimedRewards label, string source)
    {
        var steps = label.Episode.Split('\n').Select((line, i) => TamerLog.Parse(line, $"{source}, episode", i + 1)).ToArray();
        if (steps is not [EpisodeBegan, ..] || steps.Any(s => s is FeedbackGiven or FeedbackUndone))
        {
            throw new DataException(
                $"{source}: \"episode\" has no beginning, or feedback among its steps; expected the lines of one episode."
            );
        }

        var (events, at) = (new List<TamerEvent>(), 0);
        foreach (var step in steps)
        {
            for (; TimeOf(step) is { } time && at < label.Rewards.Length && label.Rewards[at].Time < time; at++)
            {
                events.Add(Given(label.Rewards[at]));
            }

            events.Add(step);
        }

        return [.. events, .. label.Rewards.Skip(at).Select(Given)];
    }

    /// <summary>Whether a file has such rows, and not a session's events.</summary>
    public static bool Holds(string path) =>
        File.ReadLines(path).FirstOrDefault(l => !string.IsNullOrWhiteSpace(l))?.Contains("\"rewards\"") == true;

    /// <summary>Reads the rows of a snapshot or export: an episode a line, {prompt, episode, rewards}.</summary>
    /// <exception cref="DataException">A line is no such row; the message names file and line.</exception>
    public static IEnumerable<TamerEvent> Read(string path)
    {
        foreach (var (index, line) in File.ReadLines(path).Index().Where(l => !string.IsNullOrWhiteSpace(l.Item)))
        {
            var source = string.Create(CultureInfo.InvariantCulture, $"{path}, line {index + 1}");
            foreach (var happened in Events(Row(line, source), source))
            {
                yield return happened;
            }
        }
    }

    private sealed record LabelRow(string? Episode, ImmutableArray<TimedReward>? Rewards);

    private static TimedRewards Row(string line, string source)
    {
        try
        {
            if (JsonSerializer.Deserialize<LabelRow>(line, Json) is { Episode: { } episode, Rewards: { IsDefault: false } rewards })
            {
                return new TimedRewards(new Prompt.Text(""), episode, rewards);
            }
        }
        catch (JsonException) { }

        throw new DataException($"{source}: not an episode with rewards; expected {{\"episode\": \"...\", \"rewards\": [...]}}.");
    }

    private static TimedRewards Label(List<TamerEvent> episode)
    {
        var begun =
            episode[0] as EpisodeBegan
            ?? throw new DataException("the session begins within an episode; expected an event \"episode\" before its first step.");
        var lines = episode.Where(e => e is not FeedbackGiven).Select(e => TamerLog.Line(e with { Number = null }));
        var name = string.Create(CultureInfo.InvariantCulture, $"{begun.Environment ?? "an agent"}, episode {begun.Episode}");
        return new TimedRewards(
            new Prompt.Text(name),
            string.Join('\n', lines),
            [.. episode.OfType<FeedbackGiven>().Select(f => new TimedReward(f.Time, f.Value, f.Frame))]
        );
    }

    private static double? TimeOf(TamerEvent happened) =>
        happened switch
        {
            StepBegan step => step.Time,
            EpisodeEnded end => end.Time,
            _ => null,
        };

    private static FeedbackGiven Given(TimedReward reward) => new(reward.Time, reward.Value, reward.Frame);
}
