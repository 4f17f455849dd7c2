using Attune.Text.Tokenizers;

namespace Attune.Feedback.Formats;

/// <summary>What positions in a text count.</summary>
public enum OffsetUnit
{
    /// <summary>Unicode code points, as in Python.</summary>
    CodePoints,

    /// <summary>UTF-16 code units, as in JavaScript.</summary>
    Utf16,

    /// <summary>Grapheme clusters: what a reader takes for one character.</summary>
    Graphemes,
}

/// <summary>How to read a file of labels.</summary>
public sealed record ImportOptions
{
    /// <summary>One of <see cref="FeedbackFormats.Names"/>; null to detect it by the fields.</summary>
    public string? Format { get; init; }

    /// <summary>For files of token ids.</summary>
    public ITokenizer? Tokenizer { get; init; }

    /// <summary>False to take only the items, without their labels.</summary>
    public bool Labels { get; init; } = true;

    /// <summary>Who gave the labels that name nobody; null where that is not known.</summary>
    public string? Annotator { get; init; }

    /// <summary>Which question to take where annotators answered several; null for the first that can be held.</summary>
    public string? Question { get; init; }

    /// <summary>What positions count, where the file does not tell; null for what its tool counts by default.</summary>
    public OffsetUnit? Offsets { get; init; }

    /// <summary>The file with the texts of the items, for formats that hold labels alone.</summary>
    public string? Items { get; init; }

    /// <summary>Label Studio's labelling configuration; null where the file tells enough.</summary>
    public string? Configuration { get; init; }

    /// <summary>
    /// Whether rows are taken too that the data set itself marks as checks or screening of annotators, as deleted or as not to be used.
    /// </summary>
    public bool Flagged { get; init; }
}
