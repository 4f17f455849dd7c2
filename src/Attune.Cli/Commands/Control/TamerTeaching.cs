using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Web.Teaching;

namespace Attune.Cli.Commands.Control;

/// <summary>
/// TAMER with a person in the browser. Every event is on disk before it is acknowledged; a session that was killed goes on from its log,
/// because first states and choices are drawn by episode and step.
/// </summary>
internal sealed class TamerTeaching : ITeachingSession, IDisposable
{
    private readonly IEnvironment _environment;
    private readonly Func<TamerAgent> _fresh;
    private readonly Seed _seed;
    private readonly int _episodes;
    private readonly List<TamerEvent> _events = [];
    private readonly StreamWriter _log;
    private TeachingFrame _next;
    private TamerAgent _agent;
    private long _taken;
    private double _time;

    /// <param name="fresh">an agent that has learned nothing</param>
    /// <param name="log">read where it exists, then written on</param>
    /// <param name="episodes">of the session</param>
    public TamerTeaching(IEnvironment environment, Func<TamerAgent> fresh, Seed seed, string log, int episodes)
    {
        (_environment, _fresh, _seed, _episodes) = (environment, fresh, seed, episodes);
        _agent = fresh();
        _next = Begin(0, 0);
        Mend(log);
        foreach (var happened in File.Exists(log) ? TamerLog.Read(log) : [])
        {
            Advance(happened);
        }

        Relearn();
        _next = _next.Ended ? _next : Chosen(_next);
        _log = new StreamWriter(log, append: true) { AutoFlush = true };
    }

    public string Environment => _environment.Name;

    public int Actions => _agent.Model.Actions;

    public double StepSeconds { get; init; } = 0.15;

    /// <summary>What was taught so far.</summary>
    public TamerAgent Agent => _agent;

    /// <summary>All that happened, what was taken back included.</summary>
    public IReadOnlyList<TamerEvent> Events => _events;

    /// <summary>Steps shown so far.</summary>
    public long Steps => _events.Count(e => e is StepBegan);

    /// <summary>Ends when the last episode's end was shown and acknowledged.</summary>
    public TaskCompletionSource Finished { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TeachingReply Exchange(IReadOnlyList<TeachingEvent> events)
    {
        foreach (var happened in events.Where(e => e.Number > _taken).OrderBy(e => e.Number))
        {
            Take(happened);
            _taken = happened.Number;
        }

        if (Ended && events.Count == 0)
        {
            Finished.TrySetResult();
        }

        var given = TamerLog.Kept(_events).Count(e => e is FeedbackGiven);
        return new TeachingReply(_taken, _time, given, _next);
    }

    public void Dispose() => _log.Dispose();

    private bool Ended { get; set; }

    private void Take(TeachingEvent happened)
    {
        if (!double.IsFinite(happened.Time) || !double.IsFinite(happened.Value) || happened.Time < _time)
        {
            throw new DataException($"event {happened.Number} is at {happened.Time} s; expected {_time} s or later, and numbers.");
        }

        switch (happened.Kind)
        {
            case "shown" when happened.Frame == _next.Id:
                Shown(happened);
                break;
            case "shown":
                break; // a frame that was shown before, by a page that was loaded again
            case "feedback":
                Write(new FeedbackGiven(happened.Time, happened.Value, happened.Frame) { Number = happened.Number });
                break;
            case "undo":
                Write(new FeedbackUndone(happened.Time) { Number = happened.Number });
                Relearn();
                break;
            default:
                throw new DataException($"event {happened.Number} is '{happened.Kind}'; expected shown, feedback or undo.");
        }
    }

    private void Shown(TeachingEvent happened)
    {
        var frame = _next;
        if (frame.Ended)
        {
            Write(new EpisodeEnded(happened.Time) { Number = happened.Number });
        }
        else
        {
            if (frame.Step == 0)
            {
                Write(new EpisodeBegan(frame.Episode, _environment.Name));
            }

            Write(new StepBegan(happened.Time, [.. frame.Observation], frame.Action) { Number = happened.Number });
        }

        _next = _next.Ended ? _next : Chosen(_next);
    }

    private void Write(TamerEvent happened)
    {
        _log.WriteLine(TamerLog.Line(happened));
        if (happened is not FeedbackUndone)
        {
            _agent.Apply(happened);
        }

        Advance(happened);
    }

    /// <summary>Moves the environment and the clock by what happened, without learning.</summary>
    private void Advance(TamerEvent happened)
    {
        _events.Add(happened);
        _taken = Math.Max(_taken, happened.Number ?? 0);
        switch (happened)
        {
            case StepBegan step:
                _time = step.Time;
                var result = _environment.Step(step.Action);
                _next = Frame(_next.Id + 1, _next.Episode, _next.Step + 1, result.Observation, result.Ended);
                break;
            case EpisodeEnded end:
                _time = end.Time;
                Ended = _next.Finished;
                _next = Ended ? _next : Begin(_next.Id + 1, _next.Episode + 1);
                break;
            case FeedbackGiven feedback:
                _time = feedback.Time;
                break;
            case FeedbackUndone undone:
                _time = undone.Time;
                break;
        }
    }

    private TeachingFrame Begin(long id, int episode) =>
        Frame(id, episode, 0, _environment.Reset((long)(_seed.For("episode", episode).Value >> 1)), ended: false);

    private TeachingFrame Frame(long id, int episode, int step, float[] observation, bool ended) =>
        new(id, episode, step, [.. observation], 0, [], ended, ended && episode + 1 >= _episodes);

    /// <summary>The frame with what the agent does in it, and what it expects to be told of each action.</summary>
    private TeachingFrame Chosen(TeachingFrame frame)
    {
        var observation = frame.Observation.AsSpan();
        var action = _agent.Choose(observation, _seed.For("ties", frame.Episode, frame.Step).Rng());
        var predicted = new double[Actions];
        for (var a = 0; a < predicted.Length; a++)
        {
            predicted[a] = _agent.Model.Predict(observation, a);
        }

        return frame with
        {
            Action = action,
            Predicted = [.. predicted],
        };
    }

    /// <summary>Learns all anew, without what was taken back: the same agent bit for bit as one that never heard it.</summary>
    private void Relearn()
    {
        _agent = _fresh();
        foreach (var happened in TamerLog.Kept(_events))
        {
            _agent.Apply(happened);
        }
    }

    /// <summary>Cuts off a last line that a kill left half written; it was never acknowledged.</summary>
    private static void Mend(string log)
    {
        if (!File.Exists(log))
        {
            return;
        }

        using var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite);
        var length = file.Length;
        while (length > 0)
        {
            file.Position = length - 1;
            if (file.ReadByte() == '\n')
            {
                break;
            }

            length--;
        }

        file.SetLength(length);
    }
}
