using Attune.Kernels;
using Attune.Models.Configuration;

namespace Attune.Models.Decoding;

/// <summary>
/// One pass of a batch of rows through the packed model. A row is one token of one slot at one position: decoding gives each
/// slot one row, reading a prompt gives it many. All workers run <see cref="Run"/> together. The arithmetic of a row never
/// depends on the other rows.
/// </summary>
internal sealed unsafe partial class ForwardPass : IDisposable
{
    private readonly PackedModel _model;
    private readonly KeyValueCache _cache;
    private readonly WorkerTeam _team;
    private readonly TransformerConfig _config;
    private readonly NativeBuffer _residual,
        _normed,
        _joint,
        _mixed,
        _hidden,
        _last,
        _logits,
        _scores;
    private readonly NativeBuffer _noBias;
    private readonly List<(int From, int To, int Tokens)> _copies = [];
    private readonly int _width,
        _queryWidth,
        _jointWidth,
        _hiddenWidth;

    internal ForwardPass(PackedModel model, KeyValueCache cache, WorkerTeam team, int rows, int outputs)
    {
        (_model, _cache, _team, _config, Rows, MaxOutputs) = (model, cache, team, model.Config, rows, outputs);
        (_width, _queryWidth, _hiddenWidth) = (Padded(_config.Width), Padded(_config.QueryWidth), Padded(_config.HiddenWidth));
        _jointWidth = Padded(_config.QueryWidth + 2 * _config.KeyValueWidth);
        LogitStride = Padded(model.Outputs);
        (_residual, _normed, _mixed) = (new((long)rows * _width), new((long)rows * _width), new((long)rows * _queryWidth));
        (_joint, _hidden) = (new((long)rows * _jointWidth), new((long)rows * _hiddenWidth));
        (_last, _logits) = (new((long)outputs * _width), new((long)outputs * LogitStride));
        _scores = new((long)team.Count * cache.Capacity);
        _noBias = new(LogitStride);
        (Tokens, Positions, Slots, OutputRows) = (new int[rows], new int[rows], new int[rows], new int[outputs]);
    }

    /// <summary>Most rows of a pass.</summary>
    internal int Rows { get; }
    internal int MaxOutputs { get; }
    internal int LogitStride { get; }

    internal int Count { get; private set; }
    internal int OutputCount { get; private set; }
    internal int[] Tokens { get; }
    internal int[] Positions { get; }
    internal int[] Slots { get; }
    internal int[] OutputRows { get; }

    internal float* Logits(int output) => _logits.Start + (long)output * LogitStride;

    /// <summary>The log-probability of a token under an output's logits times a scale.</summary>
    internal float LogProb(int output, int token, float scale)
    {
        new Span<float>(Logits(output) + _model.Outputs, LogitStride - _model.Outputs).Fill(float.NegativeInfinity);
        return VectorMath.LogSoftmax(Logits(output), LogitStride, token, scale);
    }

    internal void Clear()
    {
        (Count, OutputCount) = (0, 0);
        _copies.Clear();
    }

    /// <summary>
    /// Before anything is computed, the first tokens of one slot's text are copied into another's. In the order asked for.
    /// </summary>
    internal void Copy(int from, int to, int tokens) => _copies.Add((from, to, tokens));

    internal void Add(int slot, int position, int token)
    {
        (Slots[Count], Positions[Count], Tokens[Count]) = (slot, position, token);
        Count++;
    }

    /// <summary>Asks for the logits after the row added last.</summary>
    internal void AskForLogits() => OutputRows[OutputCount++] = Count - 1;

    /// <summary>A worker's part of the pass. Afterwards the logits are there, also for the other workers.</summary>
    internal void Run(int worker)
    {
        var mine = Part(Count, worker);
        CopyTexts(worker);
        Embed(mine);
        for (var layer = 0; layer < _model.Layers.Length; layer++)
        {
            Layer(_model.Layers[layer], layer, worker, mine);
        }

        foreach (var output in Part(OutputCount, worker))
        {
            Normalize(_residual.Start + (long)OutputRows[output] * _width, _last.Start + (long)output * _width, _model.Norm);
        }

        _team.Barrier();
        Gemm.Multiply(
            _last.Start,
            _width,
            OutputCount,
            _model.Head,
            new StoreWithBias(_logits.Start, LogitStride, _noBias.Start),
            worker,
            _team.Count,
            _model.Layers[0].Joint.Matrix
        );
        _team.Barrier();
    }

    public void Dispose()
    {
        foreach (var buffer in new[] { _residual, _normed, _joint, _mixed, _hidden, _last, _logits, _scores, _noBias })
        {
            buffer.Dispose();
        }
    }

    private static int Padded(int columns) => (columns + PackedMatrix.Panel - 1) / PackedMatrix.Panel * PackedMatrix.Panel;

    private Stretch Part(int count, int worker) =>
        new((int)((long)count * worker / _team.Count), (int)((long)count * (worker + 1) / _team.Count));

    /// <summary>A worker has the same heads in every copy, so that a copy of a copy needs no barrier.</summary>
    private void CopyTexts(int worker)
    {
        foreach (var (from, to, tokens) in _copies)
        {
            foreach (var item in Part(_config.Layers * _config.KeyValueHeads, worker))
            {
                _cache.Copy(item / _config.KeyValueHeads, item % _config.KeyValueHeads, from, to, tokens);
            }
        }
    }

    private void Embed(Stretch rows)
    {
        foreach (var row in rows)
        {
            var target = _residual.Start + (long)row * _width;
            _model.Tokens.Read(Tokens[row], target);
            RowKernels.Scale(target, _config.Width, (float)_config.EmbeddingScale);
            _model.Positions?.AddTo(Positions[row], target);
        }
    }

    private void Layer(PackedLayer layer, int index, int worker, Stretch mine)
    {
        Normalize(layer.Norm1, mine);
        _team.Barrier();
        AttentionBranch(layer, index, worker, mine);
        _team.Barrier();
        Normalize(layer.Norm2, mine);
        _team.Barrier();
        FeedForwardBranch(layer, index, worker);
        _team.Barrier();
    }

    private void AttentionBranch(PackedLayer layer, int index, int worker, Stretch mine)
    {
        Gemm.Multiply(
            _normed.Start,
            _width,
            Count,
            layer.Joint.Matrix,
            new StoreWithBias(_joint.Start, _jointWidth, layer.Joint.Bias.Start),
            worker,
            _team.Count,
            layer.Out.Matrix
        );
        _team.Barrier();
        StoreKeysAndValues(index, mine);
        _team.Barrier();
        Attend(index, worker);
        _team.Barrier();
        Gemm.Multiply(
            _mixed.Start,
            _queryWidth,
            Count,
            layer.Out.Matrix,
            new AddWithBias(_residual.Start, _width, layer.Out.Bias.Start),
            worker,
            _team.Count,
            layer.Up.Matrix
        );
    }

    private void FeedForwardBranch(PackedLayer layer, int index, int worker)
    {
        if (_config.FeedForward == FeedForwardKind.Gelu)
        {
            MultiplyUp(layer, new GeluWithBias(_hidden.Start, _hiddenWidth, layer.Up.Bias.Start, _model.Type), worker);
        }
        else if (_config.FeedForward == FeedForwardKind.GeGlu)
        {
            MultiplyUp(layer, new GeGluEpilogue(_hidden.Start, _hiddenWidth, layer.Up.Bias.Start, _model.Type), worker);
        }
        else
        {
            MultiplyUp(layer, new SwiGluEpilogue(_hidden.Start, _hiddenWidth, layer.Up.Bias.Start, _model.Type), worker);
        }

        _team.Barrier();
        Gemm.Multiply(
            _hidden.Start,
            _hiddenWidth,
            Count,
            layer.Down.Matrix,
            new AddWithBias(_residual.Start, _width, layer.Down.Bias.Start),
            worker,
            _team.Count,
            index + 1 < _model.Layers.Length ? _model.Layers[index + 1].Joint.Matrix : _model.Head
        );
    }

    private void MultiplyUp<TEpilogue>(PackedLayer layer, in TEpilogue epilogue, int worker)
        where TEpilogue : struct, ITileEpilogue =>
        Gemm.Multiply(_normed.Start, _width, Count, layer.Up.Matrix, epilogue, worker, _team.Count, layer.Down.Matrix);

    private void Normalize(PackedNorm norm, Stretch rows)
    {
        foreach (var row in rows)
        {
            Normalize(_residual.Start + (long)row * _width, _normed.Start + (long)row * _width, norm);
        }
    }

    private void Normalize(float* source, float* target, PackedNorm norm)
    {
        RowKernels.Normalize(_config, _config.Width, source, target, norm);
        Activations.Convert(target, _config.Width, _model.Type);
    }

    /// <summary>A range to iterate without allocating.</summary>
    private readonly record struct Stretch(int Start, int End)
    {
        public Enumerator GetEnumerator() => new(Start - 1, End);

        internal struct Enumerator(int current, int end)
        {
            public int Current { get; private set; } = current;

            public bool MoveNext() => ++Current < end;
        }
    }
}
