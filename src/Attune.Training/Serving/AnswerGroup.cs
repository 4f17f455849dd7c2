using System.Collections.Immutable;
using System.Threading.Channels;
using Attune.Core.Completions;
using Attune.Core.Rollouts;
using Attune.Models.Decoding;
using Attune.Text.Tokenizers;

namespace Attune.Training.Serving;

/// <summary>The answers to one request: from tokens, on the decoding thread, to pieces of text for the client.</summary>
internal sealed class AnswerGroup
{
    private readonly CancellationToken _cancel;
    private volatile bool _abandoned;

    internal AnswerGroup(
        CompletionRequest request,
        ITokenizer tokenizer,
        SamplingOptions options,
        ChannelWriter<CompletionPiece> pieces,
        CancellationToken cancel
    )
    {
        _cancel = cancel;
        Jobs =
        [
            .. Enumerable
                .Range(0, request.Count)
                .Select(i => new Job(this, request, i, tokenizer, options, pieces)
                {
                    Alternatives = request.Alternatives ?? 0,
                    ReportsPrompt = request is { ReportsPrompt: true, Alternatives: not null },
                }),
        ];
    }

    internal ImmutableArray<Job> Jobs { get; }

    /// <summary>The client disconnected.</summary>
    internal void Abandon() => _abandoned = true;

    internal sealed class Job(
        AnswerGroup group,
        CompletionRequest request,
        int index,
        ITokenizer tokenizer,
        SamplingOptions options,
        ChannelWriter<CompletionPiece> pieces
    ) : DecodeJob(new SampleRequest(request.Prompt.Tokens, request.Seed.For("answer", index)), options)
    {
        private readonly AnswerText _text = new(tokenizer, request.Prompt.AnswerPrefix, request.Prompt.IsEmpty, options.StopSequences);
        private readonly Queue<(int Start, AnswerToken Token)> _tokens = [];
        private readonly bool _tellsTokens = request.Alternatives is not null;
        private readonly ImmutableArray<AnswerToken>.Builder _prompt = ImmutableArray.CreateBuilder<AnswerToken>();
        private readonly AnswerText _promptText = new(tokenizer, "", beginsText: true, []);
        private int _drawn;

        public override bool IsAbandoned => group._abandoned || group._cancel.IsCancellationRequested;

        public override void OnPrompt(DrawnToken given, ImmutableArray<DrawnToken> likeliest)
        {
            BeginPrompt();
            AddToPrompt(given, likeliest);
        }

        public override void OnDrawn(DrawnToken drawn, ImmutableArray<DrawnToken> likeliest)
        {
            if (_drawn++ == 0 && ReportsPrompt)
            {
                TellPrompt();
            }

            var ends = drawn.Token == Options.EndToken;
            if (_text.IsStopped || (ends && !ReportsPrompt))
            {
                return;
            }

            var (start, position) = (_text.Length, _text.CodePoints);
            if (_tellsTokens)
            {
                _tokens.Enqueue((start, Named(drawn, position, likeliest)));
            }

            if (ends)
            {
                return;
            }

            _text.Add(drawn.Token);
            if (_text.Take() is { Length: > 0 } text)
            {
                pieces.TryWrite(new CompletionPiece(index, text, TakeTokens(all: false), null));
            }
        }

        public override void OnFinished(Rollout rollout)
        {
            var text = _text.Finish();
            pieces.TryWrite(new CompletionPiece(index, text, TakeTokens(all: !_text.IsStopped), new CompletionEnd(rollout.Stop, _drawn)));
        }

        public override void OnFailed(Exception problem) => pieces.TryComplete(problem);

        /// <summary>The first token, which nothing predicts.</summary>
        private void BeginPrompt()
        {
            if (_prompt.Count == 0)
            {
                AddToPrompt(new DrawnToken(request.Prompt.Tokens[0], float.NaN), []);
            }
        }

        private void TellPrompt()
        {
            BeginPrompt();
            pieces.TryWrite(new CompletionPiece(index, "", [], null) { Prompt = _prompt.DrainToImmutable() });
        }

        private void AddToPrompt(DrawnToken token, ImmutableArray<DrawnToken> likeliest)
        {
            _prompt.Add(Named(token, _promptText.CodePoints, likeliest));
            _promptText.Add(token.Token);
        }

        private AnswerToken Named(DrawnToken token, int position, ImmutableArray<DrawnToken> likeliest) =>
            new(TextOf(token.Token), token.LogProb, position, [.. likeliest.Select(l => new TokenText(TextOf(l.Token), l.LogProb))]);

        /// <summary>Tokens of the text sent so far, none of them of a stop sequence: the text ends before it.</summary>
        private ImmutableArray<AnswerToken> TakeTokens(bool all)
        {
            var taken = ImmutableArray.CreateBuilder<AnswerToken>();
            while (_tokens.TryPeek(out var next) && (all || next.Start < _text.Given))
            {
                taken.Add(_tokens.Dequeue().Token);
            }

            return taken.ToImmutable();
        }

        private string TextOf(int token) => tokenizer.DecodeContinuation([token]);
    }
}
