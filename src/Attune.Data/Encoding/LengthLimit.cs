using System.Buffers;
using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Core.Tokens;

namespace Attune.Data.Encoding;

/// <summary>Limits rows to a length under a policy, and counts what was dropped or cut.</summary>
internal sealed class LengthLimit
{
    private readonly Encoder _encoder;
    private readonly int _maxLength;
    private readonly TruncationPolicy _policy;
    private readonly List<string> _dropped = [];
    private readonly SearchValues<string> _spellings;

    public LengthLimit(Encoder encoder, int maxLength, TruncationPolicy policy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        (_encoder, _maxLength, _policy) = (encoder, maxLength, policy);
        // Shorter ones stand in many texts by chance.
        _spellings = SearchValues.Create([.. encoder.Tokenizer.SpecialTokens.Where(t => t.Length > 2)], StringComparison.Ordinal);
    }

    public IReadOnlyList<string> Dropped => _dropped;
    public int Truncated { get; private set; }

    /// <summary>Rows that hold what is spelt like a special token: a template may have been applied to them already.</summary>
    public int Spelt { get; private set; }

    /// <summary>All answers to one prompt, which is cut the same for each; null where the row is dropped.</summary>
    /// <param name="cut">Answers that end without an end token.</param>
    public IReadOnlyList<TokenSequence>? Fit(Prompt prompt, IReadOnlyList<string> answers, CutAnswers cut)
    {
        CountSpelling(prompt, answers);
        try
        {
            var encoded = answers.Select((answer, i) => _encoder.EncodeAnswer(prompt, answer, ends: !cut.Contains(i))).ToList();
            if (encoded.Any(a => a.IsEmpty))
            {
                _dropped.Add("an answer was cut before its first token");
                return null;
            }

            if (_policy is TruncationPolicy.KeepStart or TruncationPolicy.KeepEnd)
            {
                return CutWhole([.. encoded.Select(a => Encoder.Join(_encoder.EncodePrompt(prompt), a))]);
            }

            return Cut(prompt, _encoder.EncodePrompt(prompt), encoded.Max(a => a.Length)) is { } kept
                ? [.. encoded.Select(a => Encoder.Join(kept, a))]
                : null;
        }
        catch (DataException problem)
        {
            _dropped.Add(problem.Message);
            return null;
        }
    }

    /// <summary>A reply that calls tools; null where the row is dropped. A call that is cut is none.</summary>
    public TokenSequence? Fit(Prompt.Chat prompt, Message reply)
    {
        CountSpelling(prompt, [reply.Content]);
        try
        {
            var before = _encoder.EncodePrompt(prompt);
            var answer = _encoder.EncodeReply(prompt, before, reply);
            return Cut(prompt, before, answer.Length) is { } kept ? Encoder.Join(kept, answer) : null;
        }
        catch (DataException problem)
        {
            _dropped.Add(problem.Message);
            return null;
        }
    }

    public TokenSequence? FitPrompt(Prompt prompt)
    {
        CountSpelling(prompt, []);
        try
        {
            return Cut(prompt, _encoder.EncodePrompt(prompt), answerLength: 0) is { } tokens
                ? new TokenSequence(tokens, tokens.Length)
                : null;
        }
        catch (DataException problem)
        {
            _dropped.Add(problem.Message);
            return null;
        }
    }

    private void CountSpelling(Prompt prompt, IEnumerable<string> answers)
    {
        var texts = prompt switch
        {
            Prompt.Text text => [text.Value],
            Prompt.Chat chat => chat.Messages.Select(m => m.Content),
            _ => [],
        };
        Spelt += texts.Concat(answers).Any(t => t.AsSpan().ContainsAny(_spellings)) ? 1 : 0;
    }

    private TokenSequence[]? CutWhole(TokenSequence[] rows)
    {
        if (_policy == TruncationPolicy.KeepStart && rows[0].AnswerStart >= _maxLength)
        {
            _dropped.Add($"the prompt alone has {_maxLength} tokens or more");
            return null;
        }

        Truncated += rows.Any(r => r.Length > _maxLength) ? 1 : 0;
        return
        [
            .. rows.Select(r =>
                r.Length <= _maxLength ? r
                : _policy == TruncationPolicy.KeepStart ? r with { Tokens = r.Tokens[.._maxLength] }
                : new TokenSequence(r.Tokens[^_maxLength..], Math.Max(0, r.AnswerStart - (r.Length - _maxLength)))
            ),
        ];
    }

    private ImmutableArray<int>? Cut(Prompt prompt, ImmutableArray<int> tokens, int answerLength)
    {
        var room = _maxLength - answerLength;
        if (tokens.Length <= room)
        {
            return tokens;
        }
        var fixedStart = tokens[0] == _encoder.Tokenizer.BeginToken ? 1 : 0;
        var reason =
            _policy == TruncationPolicy.DropRow ? $"longer than {_maxLength} tokens"
            : room <= fixedStart ? $"the answer alone leaves no room for a prompt within {_maxLength} tokens"
            : _policy == TruncationPolicy.KeepPromptStart && prompt is Prompt.Chat
                ? $"longer than {_maxLength} tokens, and the end of a conversation cannot be cut"
            : null;
        if (reason is not null)
        {
            _dropped.Add(reason);
            return null;
        }

        Truncated++;
        return _policy == TruncationPolicy.KeepPromptStart ? tokens[..room] : tokens[..fixedStart].AddRange(tokens[^(room - fixedStart)..]);
    }
}
