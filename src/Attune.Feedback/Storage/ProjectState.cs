namespace Attune.Feedback.Storage;

public enum ProjectState
{
    Open,

    /// <summary>No task is handed out; labels of tasks in hand are accepted.</summary>
    Paused,
    Closed,
}
