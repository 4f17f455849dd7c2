namespace Attune.Data.Formats;

/// <summary>The kinds of rows in data files: TRL's six and four of our own.</summary>
public enum DatasetKind
{
    /// <summary>{text} or {messages}.</summary>
    LanguageModeling,

    /// <summary>{prompt}.</summary>
    PromptOnly,

    /// <summary>{prompt, completion}.</summary>
    PromptCompletion,

    /// <summary>{prompt, chosen, rejected}, or {chosen, rejected} with the prompt as their common beginning.</summary>
    Preference,

    /// <summary>{prompt, completion, label}.</summary>
    UnpairedPreference,

    /// <summary>{prompt, completion, rating}.</summary>
    Rating,

    /// <summary>{prompt, completions, labels}.</summary>
    Stepwise,

    /// <summary>{prompt, answer, spans}.</summary>
    Spans,

    /// <summary>{prompt, answers, best}.</summary>
    Choice,

    /// <summary>{prompt, answers, ranks}.</summary>
    Ranking,
}
