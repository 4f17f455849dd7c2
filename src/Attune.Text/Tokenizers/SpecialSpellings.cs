using System.Text;
using Attune.Core.Conversations;
using Attune.Text.Tokenizers.Pipeline;

namespace Attune.Text.Tokenizers;

/// <summary>
/// The other reading of a text: what is spelt like a special token is one, as in a conversation that a template has already rendered.
/// Nothing in Attune reads what people wrote so, because a message could end its own turn; it is for texts that one trusts, and for
/// comparison with other programs, which read all texts like this.
/// </summary>
public static class SpecialSpellings
{
    public static EncodedText Encode(ITokenizer tokenizer, string text)
    {
        var valid = ValidUnicode.Of(text);
        var result = EncodedText.Empty;
        int? special = null;
        foreach (var (start, end, token) in Finder(tokenizer).Find(valid))
        {
            var from = CodePoints.OfUnits(valid, start);
            if (token is not null)
            {
                special = tokenizer.FindSpecial(token.Content)!.Value;
                result = result.Then(new EncodedText([special.Value], [(0, CodePoints.OfUnits(valid, end) - from)]), from);
                continue;
            }

            var section = valid[start..end];
            var encoded = special is { } before ? tokenizer.EncodeAfterWithOffsets(before, section) : tokenizer.EncodeWithOffsets(section);
            result = result.Then(encoded, from);
        }

        return result;
    }

    /// <summary>The reverse: special tokens come back as they are spelt.</summary>
    public static string Decode(ITokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        var special = tokenizer.SpecialTokens.ToDictionary(t => tokenizer.FindSpecial(t)!.Value);
        var text = new StringBuilder();
        var start = 0;
        for (var i = 0; i <= ids.Length; i++)
        {
            var spelling = i < ids.Length ? special.GetValueOrDefault(ids[i]) : "";
            if (spelling is null)
            {
                continue;
            }

            var section = ids[start..i];
            text.Append(start == 0 ? tokenizer.Decode(section) : tokenizer.DecodeContinuation(section)).Append(spelling);
            start = i + 1;
        }

        return text.ToString();
    }

    private static AddedTokenFinder Finder(ITokenizer tokenizer) =>
        new(
            tokenizer is PipelineTokenizer pipeline ? pipeline.SpecialAdded
            : tokenizer is SentencePieceTokenizer pieces ? pieces.SpecialAdded
            : tokenizer
                .SpecialTokens.Where(t => t.Length > 0)
                .Select(t => new AddedToken(tokenizer.FindSpecial(t)!.Value, t, IsSpecial: true, false, false, false, false))
        );
}
