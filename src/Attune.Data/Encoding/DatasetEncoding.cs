using System.Collections.Immutable;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Tokens;

namespace Attune.Data.Encoding;

/// <summary>
/// Whole data sets as tokens. Rows longer than <c>maxLength</c> tokens (prompt, answer, begin and end tokens together) are left out and
/// counted, unless a <see cref="TruncationPolicy"/> lets their prompts be cut. Answers end with an end token, except those that were cut
/// when they were written (<see cref="Label.Cut"/>).
/// </summary>
public static class DatasetEncoding
{
    /// <summary>Prompts to sample from: sequences without an answer. Leave room for it in <paramref name="maxLength"/>.</summary>
    public static EncodedData<TokenSequence> EncodeAll(
        this Encoder encoder,
        IReadOnlyList<Prompt> items,
        int maxLength,
        TruncationPolicy policy = TruncationPolicy.DropRow
    )
    {
        var limit = new LengthLimit(encoder, maxLength, policy);
        return Encode(items, limit, prompt => limit.FitPrompt(prompt));
    }

    public static EncodedData<TokenSequence> EncodeAll(
        this Encoder encoder,
        IReadOnlyList<Demonstration> items,
        int maxLength,
        TruncationPolicy policy = TruncationPolicy.DropRow
    )
    {
        var limit = new LengthLimit(encoder, maxLength, policy);
        return Encode(
            items,
            limit,
            item =>
                item is { Reply: { } reply, Prompt: Prompt.Chat prompt } ? limit.Fit(prompt, reply)
                : limit.Fit(item.Prompt, [item.Answer], item.Cut) is { } rows ? rows[0]
                : null
        );
    }

    public static EncodedData<TokenPair> EncodeAll(
        this Encoder encoder,
        IReadOnlyList<Preference> items,
        int maxLength,
        TruncationPolicy policy = TruncationPolicy.DropRow
    )
    {
        var limit = new LengthLimit(encoder, maxLength, policy);
        return Encode(
            items,
            limit,
            item =>
                limit.Fit(item.Prompt, item.Gold is { } gold ? [item.Chosen, item.Rejected, gold] : [item.Chosen, item.Rejected], item.Cut)
                    is { } rows
                    ? new TokenPair(rows[0], rows[1], item.Margin ?? 0)
                    {
                        Probability = item.Probability,
                        Gold = rows.ElementAtOrDefault(2),
                    }
                    : null
        );
    }

    public static EncodedData<TokenChoice> EncodeAll(
        this Encoder encoder,
        IReadOnlyList<Choice> items,
        int maxLength,
        TruncationPolicy policy = TruncationPolicy.DropRow
    )
    {
        var limit = new LengthLimit(encoder, maxLength, policy);
        return Encode(
            items,
            limit,
            item => limit.Fit(item.Prompt, item.Answers, item.Cut) is { } rows ? new TokenChoice([.. rows], item.Best) : null
        );
    }

    public static EncodedData<TokenRanking> EncodeAll(
        this Encoder encoder,
        IReadOnlyList<Ranking> items,
        int maxLength,
        TruncationPolicy policy = TruncationPolicy.DropRow
    )
    {
        var limit = new LengthLimit(encoder, maxLength, policy);
        return Encode(
            items,
            limit,
            item => limit.Fit(item.Prompt, item.Answers, item.Cut) is { } rows ? new TokenRanking([.. rows], item.Ranks) : null
        );
    }

    /// <summary>
    /// Documents in windows of at most <paramref name="maxLength"/> tokens. A window that continues a document begins with the last
    /// token of the one before, as its prompt, so that every token is learned exactly once and nothing is left out.
    /// </summary>
    public static EncodedData<TokenSequence> EncodeAll(this Encoder encoder, IReadOnlyList<Document> items, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        var windows = ImmutableArray.CreateBuilder<TokenSequence>();
        var sources = ImmutableArray.CreateBuilder<int>();
        for (var i = 0; i < items.Count; i++)
        {
            var whole = encoder.Encode(items[i]);
            for (var start = 0; start == 0 || start < whole.Length - 1; start += maxLength - 1)
            {
                var end = Math.Min(start + maxLength, whole.Length);
                windows.Add(new TokenSequence(whole.Tokens[start..end], start == 0 ? whole.AnswerStart : 1));
                sources.Add(i);
            }
        }

        return new EncodedData<TokenSequence>(windows.ToImmutable(), sources.ToImmutable(), [], 0);
    }

    private static EncodedData<TToken> Encode<T, TToken>(IReadOnlyList<T> items, LengthLimit limit, Func<T, TToken?> encode)
        where TToken : class
    {
        var encoded = ImmutableArray.CreateBuilder<TToken>();
        var sources = ImmutableArray.CreateBuilder<int>();
        for (var i = 0; i < items.Count; i++)
        {
            if (encode(items[i]) is not { } tokens)
            {
                continue;
            }
            encoded.Add(tokens);
            sources.Add(i);
        }

        return new EncodedData<TToken>(encoded.ToImmutable(), sources.ToImmutable(), DroppedRows.Of(limit.Dropped), limit.Truncated)
        {
            Spelt = limit.Spelt,
        };
    }
}
