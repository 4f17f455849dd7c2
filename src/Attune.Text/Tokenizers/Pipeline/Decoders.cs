using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Attune.Text.Files;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Changes the spellings of tokens back to text; at the end they are joined.</summary>
/// <param name="starts">False where the tokens follow others: then no space at the beginning is taken away.</param>
internal delegate List<string> PieceDecoder(List<string> pieces, bool starts);

/// <summary>The decoders that <c>tokenizer.json</c> names.</summary>
internal static class Decoders
{
    /// <summary>Without a decoder, tokens are words with spaces between.</summary>
    public static PieceDecoder Read(JsonNode? node, PartReader reader)
    {
        if (node is null)
        {
            return (pieces, _) => [string.Join(' ', pieces)];
        }
        var part = reader.Part(node, "decoder");
        switch (JsonFile.Type(part))
        {
            case "Sequence":
                ImmutableArray<PieceDecoder> steps = [.. reader.Parts(part, "decoders").Select(p => Read(p, reader))];
                return (pieces, starts) => steps.Aggregate(pieces, (current, step) => step(current, starts));
            case "ByteLevel":
                return (pieces, _) => [Bytes(pieces)];
            case "ByteFallback":
                return (pieces, _) => Fallback(pieces);
            case "Fuse":
                return (pieces, _) => [string.Concat(pieces)];
            case "Replace":
                var (pattern, content) = (TextPattern.Read(part["pattern"], reader), TextPattern.Content(part, reader));
                return (pieces, _) => pieces.ConvertAll(p => pattern.Replace(p, content).Text);
            case "Strip":
                return Strip(part, reader);
            case "Metaspace":
                return Spaces(Metaspace.Read(part, reader));
            case "WordPiece":
                var (prefix, clean) = (reader.TextOrNothing(part, "prefix") ?? "##", reader.Flag(part, "cleanup", true));
                return (pieces, starts) => Words(pieces, prefix, clean, starts);
            case "BPEDecoder":
                var suffix = reader.TextOrNothing(part, "suffix") ?? "</w>";
                return (pieces, _) =>
                    [.. pieces.Select((p, i) => p.Replace(suffix, i == pieces.Count - 1 ? "" : " ", StringComparison.Ordinal))];
            default:
                throw reader.Unknown(
                    part,
                    "decoder",
                    "Sequence, ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace, WordPiece, BPEDecoder"
                );
        }
    }

    private static PieceDecoder Strip(JsonObject part, PartReader reader)
    {
        var (text, first, last) = (reader.Text(part, "content"), reader.Number(part, "start", 0), reader.Number(part, "stop", 0));
        return text.Length == 1
            ? (pieces, starts) => pieces.ConvertAll(p => Strip(p, text[0], starts ? first : 0, last))
            : throw reader.Wrong($"the Strip decoder takes '{text}' away; expected one character.");
    }

    private static string Bytes(List<string> pieces)
    {
        var bytes = new List<byte>();
        foreach (var piece in pieces)
        {
            bytes.AddRange(ByteLetters.Read(piece) ?? Encoding.UTF8.GetBytes(piece));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static List<string> Fallback(List<string> pieces)
    {
        var result = new List<string>(pieces.Count);
        var bytes = new List<byte>();
        void Flush()
        {
            if (bytes.Count > 0)
            {
                result.Add(Encoding.UTF8.GetString([.. bytes]));
            }
            bytes.Clear();
        }

        foreach (var piece in pieces)
        {
            if (
                piece.Length == 6
                && piece.StartsWith("<0x", StringComparison.Ordinal)
                && piece[5] == '>'
                && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            )
            {
                bytes.Add(value);
            }
            else
            {
                Flush();
                result.Add(piece);
            }
        }

        Flush();
        return result;
    }

    private static string Strip(string piece, char stripped, int first, int last)
    {
        var (start, end) = (0, piece.Length);
        while (start < first && start < end && piece[start] == stripped)
        {
            start++;
        }

        while (piece.Length - end < last && end > start && piece[end - 1] == stripped)
        {
            end--;
        }

        return piece[start..end];
    }

    private static PieceDecoder Spaces(Metaspace spaces) =>
        (pieces, starts) =>
            [
                .. pieces.Select(
                    (p, i) =>
                        i == 0 && starts && spaces.Prepend != "never" && p.StartsWith(spaces.Replacement)
                            ? p[1..].Replace(spaces.Replacement, ' ')
                            : p.Replace(spaces.Replacement, ' ')
                ),
            ];

    private static List<string> Words(List<string> pieces, string prefix, bool clean, bool starts)
    {
        var text = new StringBuilder();
        for (var i = 0; i < pieces.Count; i++)
        {
            if (pieces[i].StartsWith(prefix, StringComparison.Ordinal))
            {
                text.Append(pieces[i], prefix.Length, pieces[i].Length - prefix.Length);
            }
            else
            {
                text.Append(i > 0 || !starts ? " " : "").Append(pieces[i]);
            }
        }

        if (!clean)
        {
            return [text.ToString()];
        }
        foreach (var tight in new[] { ".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re" })
        {
            text.Replace(" " + tight, tight);
        }

        return [text.Replace(" ' ", "'").ToString()];
    }
}
