using Attune.Kernels;
using Attune.Models.Configuration;

namespace Attune.Models.Decoding;

/// <summary>
/// Keys and values of every slot's tokens. Keys lie in blocks of 16 tokens, [headWidth][16], so that 16 scores are computed side
/// by side; values lie token by token, each padded to a multiple of 16. In bfloat16 they lie as <see cref="BFloat16Cache"/> says.
/// </summary>
internal sealed unsafe class KeyValueCache : IDisposable
{
    internal const int Block = 16;

    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;
    private readonly TransformerConfig _config;
    private readonly int _keyWords;

    /// <param name="slots">Texts held at once.</param>
    /// <param name="capacity">Tokens of each.</param>
    internal KeyValueCache(TransformerConfig config, int slots, int capacity, KernelType type)
    {
        (_config, Type) = (config, type);
        Slots = slots;
        Capacity = (capacity + Block - 1) / Block * Block;
        (_keyWords, ValueStride) =
            type == KernelType.BF16
                ? (BFloat16Cache.KeyWords(config.HeadWidth), BFloat16Cache.ValueWords(config.HeadWidth))
                : (config.HeadWidth, (config.HeadWidth + 15) / 16 * 16);
        var heads = (long)config.Layers * slots * config.KeyValueHeads;
        _keys = new NativeBuffer(checked(heads * Capacity * _keyWords));
        _values = new NativeBuffer(checked(heads * Capacity * ValueStride));
    }

    internal int Slots { get; }
    internal int Capacity { get; }
    internal KernelType Type { get; }

    /// <summary>32-bit words of a token's value.</summary>
    internal int ValueStride { get; }

    /// <summary>32-bit words of 16 tokens' keys.</summary>
    internal int KeyBlock => _keyWords * Block;

    internal float* Keys(int layer, int slot, int head) => _keys.Start + Head(layer, slot, head) * Capacity * _keyWords;

    internal float* Values(int layer, int slot, int head) => _values.Start + Head(layer, slot, head) * Capacity * ValueStride;

    /// <summary>Stores the key and value of one token of one head.</summary>
    internal void Store(int layer, int slot, int head, int position, float* key, float* value)
    {
        var width = _config.HeadWidth;
        var keys = Keys(layer, slot, head) + (long)(position / Block) * KeyBlock + position % Block;
        var values = Values(layer, slot, head) + (long)position * ValueStride;
        if (Type == KernelType.BF16)
        {
            BFloat16Cache.Store(key, value, width, (uint*)keys, (uint*)values);
            return;
        }

        for (var i = 0; i < width; i++)
        {
            keys[i * Block] = key[i];
        }

        new ReadOnlySpan<float>(value, width).CopyTo(new Span<float>(values, width));
    }

    /// <summary>Copies the first tokens of one text into another's place, for one head of one layer.</summary>
    internal void Copy(int layer, int head, int from, int to, int tokens)
    {
        // Whole blocks: what follows the last token is overwritten before it is read.
        var keys = (tokens + Block - 1) / Block * KeyBlock;
        new ReadOnlySpan<float>(Keys(layer, from, head), keys).CopyTo(new Span<float>(Keys(layer, to, head), keys));
        var values = tokens * ValueStride;
        new ReadOnlySpan<float>(Values(layer, from, head), values).CopyTo(new Span<float>(Values(layer, to, head), values));
    }

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private long Head(int layer, int slot, int head) => ((long)layer * Slots + slot) * _config.KeyValueHeads + head;
}
