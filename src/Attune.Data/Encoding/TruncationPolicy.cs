namespace Attune.Data.Encoding;

/// <summary>How to treat a row that is too long. Only the last two cut answers; one cut short has no end token.</summary>
public enum TruncationPolicy
{
    /// <summary>It is left out, and counted.</summary>
    DropRow,

    /// <summary>The end of its prompt is cut off, and counted. A conversation, whose end asks for the answer, is left out.</summary>
    KeepPromptStart,

    /// <summary>The beginning of its prompt is cut off, save the begin token, and counted.</summary>
    KeepPromptEnd,

    /// <summary>
    /// The end of prompt and answer together is cut off, and counted; left out where the prompt alone fills the limit. TRL's keep_start.
    /// </summary>
    KeepStart,

    /// <summary>The beginning of prompt and answer together is cut off, and counted. TRL's keep_end.</summary>
    KeepEnd,
}
