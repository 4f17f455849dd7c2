namespace Attune.Feedback.Storage;

public enum ProjectState
{
    Open,

    /// <summary>No task is handed out; labels under way are taken.</summary>
    Paused,
    Closed,
}
