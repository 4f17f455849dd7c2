using System.Collections.Immutable;
using Attune.Core.Rollouts;
using Attune.Kernels;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Decoding;

/// <summary>
/// The same contract as <see cref="DecodeEngine"/> by libtorch, for models on a GPU and for layers that the engine does not compute, with a
/// cache of fixed size on the model's device.
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

    private LanguageModel Loaded => _model ?? throw new InvalidOperationException("The decoder has no weights yet: call Load first.");

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
        _ = Loaded;
        if (requests.Count == 0)
        {
            return [];
        }

        var list = new RequestList(requests, options, finished);
        var capacity = requests.Select(r => r.Prompt.Length).Max() + options.MaxNewTokens;
        Run(list, Math.Min(options.BatchSize, requests.Count), capacity, weightVersion, cancel);
        return list.Results;
    }

    public void Check(DecodeJob job, int capacity) => RequestChecks.Job(_config, job, capacity, _decode);

    /// <summary>Room is made by <see cref="Run"/>: here nothing is to be done.</summary>
    public void Prepare(int slots, int capacity) { }

    public void Run(IDecodeQueue queue, int slots, int capacity, long weightVersion, CancellationToken cancel)
    {
        var model = Loaded;
        var places = Enumerable.Range(0, slots).Select(_ => new DecodeSlot(_decode)).ToArray();
        using var quiet = no_grad();
        using var pass = new Passes(
            new CachedForward(model, slots, capacity),
            _share == 0 ? null : new CachedForward(_other!, slots, capacity),
            _share
        );
        try
        {
            while (Fill(queue, places) is { } entering)
            {
                cancel.ThrowIfCancellationRequested();
                Advance(places, entering, pass);
                foreach (var slot in places.Where(s => !s.IsFree))
                {
                    slot.FinishIfEnded(weightVersion);
                }
            }
        }
        catch (Exception problem)
        {
            foreach (var slot in places)
            {
                slot.Job?.OnFailed(problem);
            }

            throw;
        }
    }

    /// <summary>Gives free places to waiting jobs.</summary>
    /// <returns>Those that were given; null where nothing is left to do.</returns>
    private static List<int>? Fill(IDecodeQueue queue, DecodeSlot[] slots)
    {
        foreach (var slot in slots.Where(s => s.Job is { IsAbandoned: true }))
        {
            slot.Leave();
        }

        var entering = new List<int>();
        for (var i = 0; i < slots.Length; i++)
        {
            if (slots[i].IsFree && queue.Next(idle: Array.TrueForAll(slots, s => s.IsFree)) is { } job)
            {
                slots[i].Take(job);
                entering.Add(i);
            }
        }

        return Array.TrueForAll(slots, s => s.IsFree) ? null : entering;
    }

    public void Dispose()
    {
        _sampler.Dispose();
        _row.Dispose();
        _model?.Dispose();
        _other?.Dispose();
    }

    /// <summary>A token more for every answer under way, those included whose prompt is read now.</summary>
    private void Advance(DecodeSlot[] slots, List<int> entering, Passes pass)
    {
        foreach (var slot in entering.Select(i => slots[i]).Where(s => s.Job!.ReportsPrompt))
        {
            Report(slot, pass);
        }

        // A text that leaves the original context gets other angles from its first token on: it is read anew.
        var border = _config.RopeScaling is { Kind: RopeScalingKind.LongRope } scaling ? scaling.OriginalContext : double.NaN;
        entering.AddRange(
            Enumerable
                .Range(0, slots.Length)
                .Where(i => !slots[i].IsFree && slots[i].Drawn > 0 && slots[i].Prompt.Length + slots[i].Drawn == border + 1)
        );
        int[] going = [.. Enumerable.Range(0, slots.Length).Where(i => !slots[i].IsFree && !entering.Contains(i))];
        if (going.Length > 0)
        {
            // All slots, so that shapes stay the same: what a free one gives is not looked at.
            using var scope = NewDisposeScope();
            var tokens = Array.ConvertAll(slots, s => s.IsFree || s.Drawn == 0 ? 0L : s.LastToken);
            var positions = Array.ConvertAll(slots, s => s.IsFree || s.Drawn == 0 ? 0L : s.Prompt.Length + s.Drawn - 1);
            var logits = pass.Decode(tokens, positions);
            Draw(going, i => i, slots, logits);
        }

        if (entering.Count > 0)
        {
            using var scope = NewDisposeScope();
            var logits = pass.Prefill([.. entering.Select(i => (long)i)], [.. entering.Select(i => slots[i].SoFar)]);
            Draw(entering, i => entering.IndexOf(i), slots, logits);
        }
    }

    /// <param name="logits">[rows, vocabulary], float32, on the host</param>
    private void Draw(IReadOnlyList<int> which, Func<int, int> rowOf, DecodeSlot[] slots, Tensor logits)
    {
        foreach (var i in which)
        {
            var job = slots[i].Job!;
            Read(logits, rowOf(i));
            slots[i].Append(_sampler.Next(_row.Start, job.Options, slots[i].Drawn, slots[i].Rng!), Likeliest(job));
        }
    }

    /// <summary>Tells a job of its prompt's tokens after the first.</summary>
    private void Report(DecodeSlot slot, Passes pass)
    {
        using var scope = NewDisposeScope();
        var (job, logits) = (slot.Job!, pass.Given(slot.Prompt));
        for (var position = 0; position + 1 < slot.Prompt.Length; position++)
        {
            Read(logits, position);
            job.OnPrompt(_sampler.Given(_row.Start, job.Options, slot.Prompt[position + 1]), Likeliest(job));
        }
    }

    private void Read(Tensor logits, int row)
    {
        var numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(logits.bytes);
        numbers.Slice(row * _config.VocabularySize, _config.VocabularySize).CopyTo(_row.Span(0, _config.VocabularySize));
    }

    private ImmutableArray<DrawnToken> Likeliest(DecodeJob job) =>
        job.Alternatives == 0 ? [] : _sampler.MostLikely(_row.Start, job.Alternatives);

    /// <summary>One model's pass, or two models' passes over the same tokens with their logits mixed.</summary>
    private sealed class Passes(CachedForward first, CachedForward? second, double share) : IDisposable
    {
        public Tensor Prefill(long[] slots, ImmutableArray<int>[] prompts) =>
            Mixed(first.Prefill(slots, prompts), second?.Prefill(slots, prompts));

        public Tensor Decode(long[] tokens, long[] positions) => Mixed(first.Decode(tokens, positions), second?.Decode(tokens, positions));

        /// <returns>[tokens, vocabulary], after each token of a text</returns>
        public Tensor Given(ImmutableArray<int> text) => Mixed(first.Given(text), second?.Given(text));

        public void Dispose()
        {
            first.Dispose();
            second?.Dispose();
        }

        // What makes either a distribution is the same for all tokens of a row, so raw logits may be mixed.
        private Tensor Mixed(Tensor logits, Tensor? others) => others is null ? logits : (1 - share) * logits + share * others;
    }
}
