using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Conversations;
using Attune.Data.Encoding;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Decoding;
using Attune.Text.Templates;

namespace Attune.Training.Serving;

/// <summary>How much is answered at once.</summary>
public sealed record ServingOptions
{
    /// <summary>Answers decoded together.</summary>
    public int Slots { get; init; } = 16;

    /// <summary>
    /// Most tokens of a prompt and its answer; the model's context where that is shorter. The cache takes slots * context of memory.
    /// </summary>
    public int Context { get; init; } = 4096;

    /// <summary>Answers that may wait for a slot.</summary>
    public int MostWaiting { get; init; } = 1024;

    /// <summary>What the engine multiplies in.</summary>
    public KernelType Type { get; init; }

    /// <summary>Blocks that the model came with, for a type that keeps weights quantised; null to quantise its numbers.</summary>
    public ModelBlocks? Blocks { get; init; }

    /// <summary>Threads; the machine's processors where it is null.</summary>
    public int? Workers { get; init; }
}

/// <summary>A language model on the rollout engine with continuous batching: every caller's answers are decoded together.</summary>
public sealed class ServedModel : ICompletionModel, IDisposable
{
    private readonly Encoder _encoder;
    private readonly DecodeService _service;
    private readonly int _vocabulary;

    /// <param name="name">What callers ask for it by.</param>
    /// <param name="model">Copied: it may be changed or disposed afterwards.</param>
    /// <exception cref="AttuneException">There is no memory for so much at once.</exception>
    /// <param name="onLent">Told at the first conversation, where the model has no chat template.</param>
    public ServedModel(string name, ChatText text, LanguageModel model, ServingOptions options, Action<ChatText>? onLent = null)
    {
        (Name, _encoder, _vocabulary) = (name, new Encoder(text, onLent), model.Config.VocabularySize);
        var engine = Decoders.Loaded(model, text.Tokenizer.DecodeContinuation, options.Workers, options.Type, options.Blocks);
        _service = new DecodeService(engine, options.Slots, Math.Min(options.Context, model.Config.ContextLength), options.MostWaiting);
    }

    public string Name { get; }

    public int ContextLength => _service.Capacity;

    public EncodedPrompt Encode(Prompt prompt) =>
        new(_encoder.EncodeOnce(prompt), prompt is Prompt.Chat ? _encoder.Template.AnswerPrefix : "", prompt is Prompt.Text { Value: "" })
        {
            EndToken = _encoder.EndOf(prompt),
        };

    public string Decode(ImmutableArray<int> tokens)
    {
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)_vocabulary)
            {
                throw new DataException($"the token {token} is not in the vocabulary; expected ids from 0 to {_vocabulary - 1}.");
            }
        }

        return _encoder.Tokenizer.Decode(tokens.AsSpan());
    }

    public IAsyncEnumerable<CompletionPiece> CompleteAsync(CompletionRequest request, CancellationToken cancel)
    {
        var end = request.Sampling.EndToken ?? request.Prompt.EndToken ?? _encoder.Tokenizer.EndToken;
        var options = request.Sampling with { EndToken = end };
        var pieces = Channel.CreateUnbounded<CompletionPiece>(new UnboundedChannelOptions { SingleReader = true });
        var answers = new AnswerGroup(request, _encoder.Tokenizer, options, pieces.Writer, cancel);
        _service.Add(answers.Jobs);
        return ReadAsync(answers, pieces.Reader, cancel);
    }

    public void Dispose() => _service.Dispose();

    private static async IAsyncEnumerable<CompletionPiece> ReadAsync(
        AnswerGroup answers,
        ChannelReader<CompletionPiece> pieces,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        try
        {
            var left = answers.Jobs.Length;
            while (left > 0 && await pieces.WaitToReadAsync(cancel))
            {
                while (pieces.TryRead(out var piece))
                {
                    left -= piece.End is null ? 0 : 1;
                    yield return piece;
                }
            }
        }
        finally
        {
            answers.Abandon();
        }
    }
}
