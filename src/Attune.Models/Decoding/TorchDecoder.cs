using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>
/// The same contract as <see cref="DecodeEngine"/> by libtorch, for models on a GPU, with a cache of fixed size on the model's device.
/// Logits come to the host, where the same sampler draws; a seed therefore gives the engine's answer up to the rounding of the logits.
/// Unlike there, libtorch may round a row differently in another batch.
/// </summary>
public sealed unsafe class TorchDecoder : IDecoder
{
    private readonly TransformerConfig _config;
    private readonly TokenDecoder? _decode;
    private readonly TokenSampler _sampler;
    private readonly NativeBuffer _row;
    private LanguageModel? _model;
    private LanguageModel? _other;
    private double _share;

    /// <param name="decode">Reads answers for stop sequences; not needed without them.</param>
    public TorchDecoder(TransformerConfig config, TokenDecoder? decode = null)
    {
        _config = config.Validate();
        _decode = decode;
        var padded = (config.VocabularySize + PackedMatrix.Panel - 1) / PackedMatrix.Panel * PackedMatrix.Panel;
        _sampler = new TokenSampler(config.VocabularySize, padded);
        _row = new NativeBuffer(padded);
    }

    public void Load(LanguageModel model)
    {
        Load(ref _model, model);
        _share = 0;
    }

    /// <summary>
    /// Takes the weights of two models; answers are drawn from the geometric mixture model^(1 - share) other^share, normalised token by
    /// token (Munos et al. 2023, arXiv:2312.00886, section 7). Temperature and cuts apply to the mixture.
    /// </summary>
    /// <param name="other">Of the same shape.</param>
    /// <param name="share">0 to 1</param>
    public void Load(LanguageModel model, LanguageModel other, double share)
    {
        Load(ref _model, model);
        Load(ref _other, other);
        _share = share;
    }

    private void Load(ref LanguageModel? own, LanguageModel model)
    {
        if (model.Config != _config)
        {
            throw new ArgumentException($"The decoder was made for {_config}; the model is {model.Config}.", nameof(model));
        }

        if (
            own is null
            || own.Weights.Type != model.Weights.Type
            || own.Weights.Values.device.ToString() != model.Weights.Values.device.ToString()
        )
        {
            own?.Dispose();
            own = model.Copy();
        }
        else
        {
            model.CopyInto(own);
        }
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
        var model = _model ?? throw new InvalidOperationException("The decoder has no weights yet: call Load first.");
        var slots = Enumerable.Range(0, Math.Min(options.BatchSize, requests.Count)).Select(_ => new DecodeSlot(_decode)).ToArray();
        var list = new RequestList(requests, options, finished);
        using var quiet = no_grad();
        var capacity = requests.Select(r => r.Prompt.Length).DefaultIfEmpty(0).Max() + options.MaxNewTokens;
        using var pass = new Passes(
            new CachedForward(model, slots.Length, capacity),
            _share == 0 ? null : new CachedForward(_other!, slots.Length, capacity),
            _share
        );
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var entering = new List<int>();
            for (var i = 0; i < slots.Length; i++)
            {
                if (slots[i].IsFree && list.Next(idle: false) is { } job)
                {
                    slots[i].Take(job);
                    entering.Add(i);
                }
            }

            if (Array.TrueForAll(slots, s => s.IsFree))
            {
                return list.Results;
            }

            Advance(slots, entering, pass, options);
            foreach (var slot in slots.Where(s => !s.IsFree))
            {
                slot.FinishIfEnded(weightVersion);
            }
        }
    }

    public void Dispose()
    {
        _sampler.Dispose();
        _row.Dispose();
        _model?.Dispose();
        _other?.Dispose();
    }

    /// <summary>A token more for every answer under way, those included whose prompt is read now.</summary>
    private void Advance(DecodeSlot[] slots, List<int> entering, Passes pass, SamplingOptions options)
    {
        int[] going = [.. Enumerable.Range(0, slots.Length).Where(i => !slots[i].IsFree && !entering.Contains(i))];
        if (going.Length > 0)
        {
            // All slots, so that shapes stay the same: what a free one gives is not looked at.
            using var scope = NewDisposeScope();
            var tokens = Array.ConvertAll(slots, s => s.IsFree || s.Drawn == 0 ? 0L : s.LastToken);
            var positions = Array.ConvertAll(slots, s => s.IsFree || s.Drawn == 0 ? 0L : s.Prompt.Length + s.Drawn - 1);
            var logits = pass.Decode(tokens, positions);
            Draw(going, i => i, slots, logits, options);
        }

        if (entering.Count > 0)
        {
            using var scope = NewDisposeScope();
            var logits = pass.Prefill([.. entering.Select(i => (long)i)], [.. entering.Select(i => slots[i].Prompt)]);
            Draw(entering, i => entering.IndexOf(i), slots, logits, options);
        }
    }

    /// <param name="logits">[rows, vocabulary], float32, on the host</param>
    private void Draw(IReadOnlyList<int> which, Func<int, int> rowOf, DecodeSlot[] slots, Tensor logits, SamplingOptions options)
    {
        var numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(logits.bytes);
        foreach (var i in which)
        {
            numbers.Slice(rowOf(i) * _config.VocabularySize, _config.VocabularySize).CopyTo(_row.Span(0, _config.VocabularySize));
            slots[i].Append(_sampler.Next(_row.Start, options, slots[i].Drawn, slots[i].Rng!), []);
        }
    }

    /// <summary>One model's pass, or two models' passes over the same tokens with their logits mixed.</summary>
    private sealed class Passes(CachedForward first, CachedForward? second, double share) : IDisposable
    {
        public Tensor Prefill(long[] slots, ImmutableArray<int>[] prompts) =>
            Mixed(first.Prefill(slots, prompts), second?.Prefill(slots, prompts));

        public Tensor Decode(long[] tokens, long[] positions) => Mixed(first.Decode(tokens, positions), second?.Decode(tokens, positions));

        public void Dispose()
        {
            first.Dispose();
            second?.Dispose();
        }

        // What makes either a distribution is the same for all tokens of a row, so raw logits may be mixed.
        private Tensor Mixed(Tensor logits, Tensor? others) => others is null ? logits : (1 - share) * logits + share * others;
    }
}
