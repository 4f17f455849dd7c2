using System.Text.Json.Nodes;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>
/// Spaces written as a visible character (SentencePiece's U+2581), one of them put before a text; pre-tokeniser and decoder.
/// </summary>
/// <param name="Prepend">Before which pieces: "always", "first" or "never".</param>
/// <param name="Splits">Whether the text is cut before each of them.</param>
internal sealed record Metaspace(char Replacement, string Prepend, bool Splits)
{
    public static Metaspace Read(JsonObject part, PartReader reader)
    {
        var replacement = reader.TextOrNothing(part, "replacement") ?? "\u2581";
        // Files from before the schemes say it with a flag.
        var scheme = reader.TextOrNothing(part, "prepend_scheme") ?? (reader.Flag(part, "add_prefix_space", true) ? "always" : "never");
        return replacement.Length == 1 && scheme is "always" or "first" or "never"
            ? new Metaspace(replacement[0], scheme, reader.Flag(part, "split", true))
            : throw reader.Wrong(
                $"Metaspace has replacement '{replacement}' and prepend_scheme '{scheme}'; expected one character, and always, "
                    + "first or never."
            );
    }

    public IEnumerable<TextPiece> Cut(IEnumerable<TextPiece> pieces) =>
        pieces.SelectMany(piece =>
        {
            var text = piece.Aligned.Replaced(piece.Text.Replace(' ', Replacement));
            var prepends = piece.Place switch
            {
                TextPlace.Start => Prepend != "never",
                TextPlace.Inside => Prepend == "always",
                _ => false,
            };
            if (prepends && text.Text.Length > 0 && !text.Text.StartsWith(Replacement))
            {
                text = text.Prefixed(Replacement.ToString());
            }
            return Splits ? Parts(piece with { Aligned = text }) : [piece with { Aligned = text }];
        });

    private IEnumerable<TextPiece> Parts(TextPiece piece)
    {
        var start = 0;
        while (start < piece.Text.Length)
        {
            var end = piece.Text.IndexOf(Replacement, start + 1);
            end = end < 0 ? piece.Text.Length : end;
            yield return new TextPiece(piece.Aligned.Slice(start, end - start), start == 0 ? piece.Place : TextPlace.Inside);
            start = end;
        }
    }
}
