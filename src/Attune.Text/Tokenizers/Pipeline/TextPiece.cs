using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Where a piece of text stands, which decides whether a space is put before it.</summary>
internal enum TextPlace
{
    /// <summary>At the very beginning of a text.</summary>
    Start,

    /// <summary>After a special token, or after another piece of the text.</summary>
    Inside,

    /// <summary>Directly after other text that is encoded already: never gets a space.</summary>
    Continued,
}

/// <summary>A piece of a text on its way to tokens.</summary>
/// <param name="Aligned">The text, with the places it came from where they are asked for.</param>
internal readonly record struct TextPiece(AlignedText Aligned, TextPlace Place)
{
    public string Text => Aligned.Text;
}
