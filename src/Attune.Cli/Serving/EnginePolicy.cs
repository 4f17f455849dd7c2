using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Data.Encoding;
using Attune.Models;
using Attune.Models.Decoding;
using Attune.Recipes.Sources;
using Attune.Text.Templates;
using Attune.Text.Tokenizers;
using Attune.Web;

namespace Attune.Cli.Serving;

/// <summary>The rollout engine as the model that people chat with. Tensors stay inside one synchronous call, on a thread of the pool.</summary>
internal sealed class EnginePolicy : IChatPolicy, IDisposable
{
    private const int LongestReply = 256;
    private const int ShortestReply = 8;
    private readonly Encoder _encoder;
    private readonly ITokenizer _tokenizer;
    private readonly IDisposable _model;
    private readonly DecodeEngine _engine;
    private readonly int _context;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private EnginePolicy(string name, ChatText text, LanguageModel model, DecodeEngine engine) =>
        (Name, _tokenizer, _model, _engine, _context, _encoder) = (name, text.Tokenizer, model, engine, model.Config.ContextLength, new Encoder(text.Tokenizer, text.Template));

    public string Name { get; }

    public static EnginePolicy Load(string folder)
    {
        NativeSetup.LoadTorch();
        var resolved = EmbeddedModel.Resolve(folder);
        var text = ModelTokenizer.Load(resolved);
        var model = ModelFiles.LoadLanguageModel(resolved);
        return new EnginePolicy(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), text, model, new DecodeEngine(model, text.Tokenizer.DecodeContinuation));
    }

    public async Task<ImmutableArray<string>> ReplyAsync(Prompt prompt, int count, ulong seed, CancellationToken cancel)
    {
        // One conversation at a time: the engine already uses all cores.
        await _turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => Sample(prompt, count, seed, cancel), cancel);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
        _turn.Dispose();
    }

    private ImmutableArray<string> Sample(Prompt prompt, int count, ulong seed, CancellationToken cancel)
    {
        var start = _encoder.EncodePrompt(prompt);
        var room = _context - start.Length;
        if (room < ShortestReply)
            throw new DataException($"the conversation has {start.Length} tokens, and the model can read and write {_context} in all. Finish it here, or begin with a shorter message.");
        var options = new SamplingOptions { MaxNewTokens = Math.Min(LongestReply, room), EndToken = _tokenizer.EndToken };
        SampleRequest[] requests = [.. Enumerable.Range(0, count).Select(i => new SampleRequest(start, new Seed(seed).For("reply", i)))];
        return [.. _engine.Sample(requests, options, 0, null, cancel).Select(r => Text(prompt, r))];
    }

    /// <summary>The space that begins a continuation is a part of it.</summary>
    private string Text(Prompt prompt, Rollout rollout)
    {
        var tokens = rollout.Sequence.Answer;
        var text = _tokenizer.Decode(rollout.Stop == StopReason.EndToken ? tokens[..^1] : tokens).TrimEnd();
        return prompt is Prompt.Chat ? text.TrimStart() : text;
    }
}
