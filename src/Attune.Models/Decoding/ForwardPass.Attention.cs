namespace Attune.Models.Decoding;

/// <summary>Attention over the cache.</summary>
internal sealed unsafe partial class ForwardPass
{
    private void StoreKeysAndValues(int layer, Stretch rows)
    {
        var (width, half) = (_config.HeadWidth, _config.HeadWidth / 2);
        foreach (var row in rows)
        {
            var query = _joint.Start + (long)row * _jointWidth;
            var key = query + _config.QueryWidth;
            var value = key + _config.KeyValueWidth;
            if (_model.Layers[layer] is { QueryNorm: { } queryNorm, KeyNorm: { } keyNorm })
            {
                for (var head = 0; head < _config.Heads + _config.KeyValueHeads; head++)
                {
                    RowKernels.Normalize(
                        _config,
                        width,
                        query + head * width,
                        query + head * width,
                        head < _config.Heads ? queryNorm : keyNorm
                    );
                }
            }

            if (_model.Cosines is { } cosines)
            {
                var angle = (long)Positions[row] * half;
                for (var head = 0; head < _config.Heads + _config.KeyValueHeads; head++)
                {
                    RowKernels.Turn(query + head * width, width, cosines.Start + angle, _model.Sines!.Start + angle);
                }
            }

            for (var head = 0; head < _config.KeyValueHeads; head++)
            {
                _cache.Store(layer, Slots[row], head, Positions[row], key + head * width, value + head * width);
            }
        }
    }

    /// <summary>Heads of all rows are dealt out in turn: rows far into a text cost more than others.</summary>
    private void Attend(int layer, int worker)
    {
        var group = _config.Heads / _config.KeyValueHeads;
        var scores = _scores.Start + (long)worker * _cache.Capacity;
        var output = stackalloc float[(_config.HeadWidth + BFloat16Cache.Chunk - 1) / BFloat16Cache.Chunk * BFloat16Cache.Chunk];
        for (var item = (long)worker; item < (long)Count * _config.Heads; item += _team.Count)
        {
            var (row, head) = ((int)(item / _config.Heads), (int)(item % _config.Heads));
            var keys = KeysOf(layer, item, group);
            var next = item + _team.Count < (long)Count * _config.Heads ? KeysOf(layer, item + _team.Count, group) : keys;
            RowKernels.Attend(
                _joint.Start + (long)row * _jointWidth + head * _config.HeadWidth,
                _config.HeadWidth,
                _cache,
                keys,
                _cache.Values(layer, Slots[row], head / group),
                Positions[row] + 1 - (_config.SlidingWindow ?? int.MaxValue),
                Positions[row] + 1,
                scores,
                output,
                next
            );
            Activations.Store(output, _config.HeadWidth, _mixed.Start + (long)row * _queryWidth, head * _config.HeadWidth, _model.Type);
        }
    }

    private float* KeysOf(int layer, long item, int group) =>
        _cache.Keys(layer, Slots[(int)(item / _config.Heads)], (int)(item % _config.Heads) / group);
}
