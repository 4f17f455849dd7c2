using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Text.Tokenizers;

namespace Attune.Data.Encoding;

/// <summary>
/// Where the tokens of an answer lie in its text, in code points: of an answer that is encoded, and of one that a model sampled, whose
/// tokens need not be those that its text would be encoded to.
/// </summary>
public static class AnswerOffsets
{
    /// <summary>An answer as <see cref="Encoder.Encode(Prompt, string)"/> encodes it.</summary>
    /// <param name="ends">Whether the end token comes after it; it lies, empty, after the text.</param>
    public static EncodedText Encode(Encoder encoder, Prompt prompt, string answer, bool ends)
    {
        var prefix = encoder.PrefixOf(prompt);
        var encoded = Without(prefix, encoder.Tokenizer.EncodeContinuationWithOffsets(prefix + answer));
        var length = CodePoints.Count(answer);
        return ends ? encoded.Then(new EncodedText([encoder.EndOf(prompt)], [(0, 0)]), length) : encoded;
    }

    /// <summary>
    /// Sampled tokens, in the text that <see cref="Encoder.DecodeAnswer"/> gives. Tokens that spell one character together have all of it
    /// each; special tokens lie, empty, where they stand.
    /// </summary>
    public static EncodedText OfSampled(Encoder encoder, Prompt prompt, ImmutableArray<int> answer)
    {
        var text = new AnswerText(encoder.Tokenizer, "", beginsText: false, []);
        var offsets = new (int Start, int End)[answer.Length];
        // Tokens from here on wait for the rest of a character.
        var open = 0;
        var written = "";
        for (var i = 0; i < answer.Length; i++)
        {
            var from = text.CodePoints;
            if (open == i && encoder.Tokenizer.DecodeContinuation([answer[i]]).Length == 0)
            {
                (offsets[i], open) = ((from, from), i + 1);
                continue;
            }

            text.Add(answer[i]);
            if (text.CodePoints > from)
            {
                offsets.AsSpan(open..(i + 1)).Fill((from, text.CodePoints));
                open = i + 1;
            }

            written += text.Take();
        }

        var last = text.CodePoints;
        written += text.Finish();
        offsets.AsSpan(open).Fill((last, text.CodePoints));
        var encoded = new EncodedText(answer, [.. offsets]);
        var prefix = encoder.PrefixOf(prompt);
        return written.StartsWith(prefix, StringComparison.Ordinal) ? Without(prefix, encoded) : encoded;
    }

    /// <summary>Counted from after the prefix; what lies in the prefix alone is empty.</summary>
    private static EncodedText Without(string prefix, EncodedText encoded)
    {
        var length = CodePoints.Count(prefix);
        return length == 0
            ? encoded
            : encoded with
            {
                Offsets = [.. encoded.Offsets.Select(o => (Math.Max(0, o.Start - length), Math.Max(0, o.End - length)))],
            };
    }
}
