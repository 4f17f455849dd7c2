namespace Attune.Data.Encoding;

/// <summary>How to treat a row that is too long. Answers are never cut.</summary>
public enum TruncationPolicy
{
    /// <summary>It is left out, and counted.</summary>
    DropRow,

    /// <summary>The end of its prompt is cut off, and counted. A conversation, whose end asks for the answer, is left out.</summary>
    KeepPromptStart,

    /// <summary>The beginning of its prompt is cut off, save the begin token, and counted.</summary>
    KeepPromptEnd,
}
