using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;

namespace Attune.Models.Decoding;

/// <summary>
/// Draws answers from a language model, on all processors, with its own copy of the weights: call <see cref="Load(LanguageModel)"/> after
/// each update. Many texts are decoded together; one that ends leaves its place to the next request at once. An answer depends on its
/// request and the weights alone, not on what is decoded beside it. One caller at a time.
/// </summary>
public sealed class DecodeEngine : IDecoder
{
    // Prompt tokens read beside the decoded rows in one pass: enough to keep the kernels busy, few enough not to hold up the others.
    private const int PromptRows = 128;

    // Rows whose logits one pass can give, so that a lone text is not read token by token.
    private const int LeastOutputs = 64;

    private readonly TokenDecoder? _decode;
    private readonly PackedModel _model;
    private readonly WorkerTeam _team;
    private readonly TransformerConfig _config;
    private KeyValueCache? _cache;
    private ForwardPass? _pass;
    private TokenSampler[] _samplers = [];
    private bool _loaded;

    /// <param name="decode">Reads answers for stop sequences; not needed without them.</param>
    /// <param name="workers">Threads, the caller's included; the machine's processors where it is null.</param>
    /// <param name="type">Of weights and activations in matrix products; in bfloat16 the cache is kept in it too. In 8 and 4 bits only
    /// weights are rounded: activations and cache are in 32 bits. Softmax, norms, sums and sampling are in 32 bits always.</param>
    public DecodeEngine(TransformerConfig config, TokenDecoder? decode = null, int? workers = null, KernelType type = KernelType.F32)
    {
        _config = config.Validate();
        _decode = decode;
        _model = new PackedModel(config, type);
        _team = new WorkerTeam(workers);
    }

    /// <summary>An engine with a model's weights loaded.</summary>
    /// <param name="blocks">As for <see cref="Load(LanguageModel, ModelBlocks?)"/>.</param>
    public DecodeEngine(
        LanguageModel model,
        TokenDecoder? decode = null,
        int? workers = null,
        KernelType type = KernelType.F32,
        ModelBlocks? blocks = null
    )
        : this(model.Config, decode, workers, type)
    {
        Load(model, blocks);
    }

    /// <summary>Prompt tokens that the last call of <see cref="Sample"/> computed; prompts that begin alike are read once.</summary>
    internal long PromptTokensRead { get; private set; }

    public void Load(LanguageModel model) => Load(model, null);

    /// <summary>Copies the model's weights, and where the engine keeps them quantised, those blocks that the model came with.</summary>
    public void Load(LanguageModel model, ModelBlocks? blocks)
    {
        if (model.Config != _config)
        {
            throw new ArgumentException($"The engine was made for {_config}; the model is {model.Config}.", nameof(model));
        }

        _model.Load(model, blocks);
        _loaded = true;
    }

    public IReadOnlyList<Rollout> Sample(
        IReadOnlyList<SampleRequest> requests,
        SamplingOptions options,
        long weightVersion,
        IProgress<int>? finished,
        CancellationToken cancel
    )
    {
        RequestChecks.All(_config, requests, options);
        if (requests.Count == 0)
        {
            return [];
        }

        var list = new RequestList(requests, options, finished);
        Run(
            list,
            Math.Min(options.BatchSize, requests.Count),
            requests.Max(r => r.Prompt.Length) + options.MaxNewTokens,
            weightVersion,
            cancel
        );
        return list.Results;
    }

    public void Run(IDecodeQueue queue, int slots, int capacity, long weightVersion, CancellationToken cancel)
    {
        Prepare(slots, capacity);
        var batch = new DecodeBatch(queue, [.. Enumerable.Range(0, slots).Select(_ => new DecodeSlot(_decode))], _pass!, weightVersion);
        Action<int> step = worker =>
        {
            _pass!.Run(worker);
            batch.Draw(_samplers[worker], worker, _team.Count);
        };
        try
        {
            while (batch.Fill())
            {
                cancel.ThrowIfCancellationRequested();
                _team.Run(step);
                batch.Advance();
            }
        }
        catch (Exception problem)
        {
            batch.Fail(problem);
            throw;
        }

        PromptTokensRead = batch.PromptTokensRead;
    }

    public void Check(DecodeJob job, int capacity) => RequestChecks.Job(_config, job, capacity, _decode);

    /// <summary>The logits after each token of a text, [tokens * vocabulary].</summary>
    public unsafe float[] Logits(ReadOnlySpan<int> tokens)
    {
        var logits = new float[tokens.Length * _config.VocabularySize];
        Read(
            tokens,
            (position, output) =>
                new ReadOnlySpan<float>(_pass!.Logits(output), _config.VocabularySize).CopyTo(
                    logits.AsSpan(position * _config.VocabularySize)
                )
        );
        return logits;
    }

    /// <summary>The log-probability of each token after the first given those before it, in nats, at temperature 1.</summary>
    public ImmutableArray<float> LogProbs(ImmutableArray<int> tokens)
    {
        var logProbs = new float[Math.Max(0, tokens.Length - 1)];
        Read(
            tokens.AsSpan(),
            (position, output) =>
            {
                if (position + 1 < tokens.Length)
                {
                    logProbs[position] = _pass!.LogProb(output, tokens[position + 1], 1);
                }
            }
        );
        return [.. logProbs];
    }

    public void Dispose()
    {
        _team.Dispose();
        Release();
        _model.Dispose();
    }

    /// <param name="reader">Called with each position and the number of the pass's output that follows it.</param>
    private void Read(ReadOnlySpan<int> tokens, Action<int, int> reader)
    {
        RequestChecks.Prompt(_config, tokens, "The text", 0);
        Prepare(1, tokens.Length);
        var pass = _pass!;
        for (var start = 0; start < tokens.Length; start += pass.MaxOutputs)
        {
            pass.Clear();
            var end = Math.Min(tokens.Length, start + pass.MaxOutputs);
            for (var position = start; position < end; position++)
            {
                pass.Add(0, position, tokens[position]);
                pass.AskForLogits();
            }

            _team.Run(pass.Run);
            for (var position = start; position < end; position++)
            {
                reader(position, position - start);
            }
        }
    }

    public void Prepare(int slots, int capacity)
    {
        if (!_loaded)
        {
            throw new InvalidOperationException("The engine has no weights yet: call Load first.");
        }

        if (_cache is not null && _cache.Slots >= slots && _cache.Capacity >= capacity)
        {
            return;
        }

        var (most, longest) = (Math.Max(slots, _cache?.Slots ?? 0), Math.Max(capacity, _cache?.Capacity ?? 0));
        Release();
        _cache = new KeyValueCache(_config, most, Math.Min(longest, _config.ContextLength + KeyValueCache.Block), _model.Type);
        _pass = new ForwardPass(_model, _cache, _team, most + PromptRows, Math.Max(most, LeastOutputs));
        _samplers = new TokenSampler[_team.Count];
        for (var i = 0; i < _samplers.Length; i++)
        {
            _samplers[i] = new TokenSampler(_config.VocabularySize, _pass.LogitStride);
        }
    }

    private void Release()
    {
        _cache?.Dispose();
        _pass?.Dispose();
        foreach (var sampler in _samplers)
        {
            sampler.Dispose();
        }

        (_cache, _pass, _samplers) = (null, null, []);
    }
}
