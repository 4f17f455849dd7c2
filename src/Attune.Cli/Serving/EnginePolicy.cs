using System.Collections.Immutable;
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
    private readonly Encoder _encoder;
    private readonly ITokenizer _tokenizer;
    private readonly IDisposable _model;
    private readonly DecodeEngine _engine;
    private readonly SemaphoreSlim _turn = new(1, 1);

    private EnginePolicy(string name, ITokenizer tokenizer, IDisposable model, DecodeEngine engine) =>
        (Name, _tokenizer, _model, _engine, _encoder) = (name, tokenizer, model, engine, new Encoder(tokenizer, ChatTemplates.ChatMl));

    public string Name { get; }

    public static EnginePolicy Load(string folder)
    {
        NativeSetup.LoadTorch();
        var resolved = EmbeddedModel.Resolve(folder);
        var tokenizer = ModelTokenizer.Load(resolved);
        var model = ModelFiles.LoadLanguageModel(resolved);
        return new EnginePolicy(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), tokenizer, model, new DecodeEngine(model, tokenizer.DecodeContinuation));
    }

    public async Task<ImmutableArray<string>> ReplyAsync(ImmutableArray<Message> conversation, int count, ulong seed, CancellationToken cancel)
    {
        // One conversation at a time: the engine already uses all cores.
        await _turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => Sample(conversation, count, seed, cancel), cancel);
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

    private ImmutableArray<string> Sample(ImmutableArray<Message> conversation, int count, ulong seed, CancellationToken cancel)
    {
        var start = _encoder.EncodePrompt(new Prompt.Chat(conversation));
        var options = new SamplingOptions { MaxNewTokens = LongestReply, EndToken = _tokenizer.EndToken };
        SampleRequest[] requests = [.. Enumerable.Range(0, count).Select(i => new SampleRequest(start, new Seed(seed).For("reply", i)))];
        return [.. _engine.Sample(requests, options, 0, null, cancel).Select(r => Text(r))];
    }

    private string Text(Rollout rollout)
    {
        var tokens = rollout.Sequence.Answer;
        return _tokenizer.Decode(rollout.Stop == StopReason.EndToken ? tokens[..^1] : tokens).Trim();
    }
}
