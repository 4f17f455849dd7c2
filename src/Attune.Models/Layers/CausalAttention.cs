using static TorchSharp.torch;

namespace Attune.Models.Layers;

/// <summary>
/// Softmax attention of each token to itself and what stands before it. In 32 bits libtorch's fused kernel does it; in bfloat16
/// that kernel's backward pass is ten times slower on CPUs than the plain products, which are used there and for packed rows.
/// </summary>
internal static class CausalAttention
{
    /// <param name="query">[batch, heads, time, headWidth]</param>
    /// <param name="key">[batch, keyValueHeads, time, headWidth], as is <paramref name="value"/></param>
    /// <param name="forbidden">True where a token must not look, [time, time] or [batch, 1, time, time]; null for the fused kernel.</param>
    /// <param name="cap">c in c tanh(s / c), which bounds products of queries and keys; needs <paramref name="forbidden"/>.</param>
    /// <param name="sinks">[heads], as of <see cref="Shares"/>; needs <paramref name="forbidden"/>.</param>
    /// <returns>[batch, time, heads * headWidth]</returns>
    internal static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? forbidden, double? cap = null, Tensor? sinks = null)
    {
        var (batch, heads, time, width) = (query.size(0), query.size(1), query.size(2), query.size(3));
        key = ForEveryHead(key, heads);
        value = ForEveryHead(value, heads);
        var mixed = forbidden is null
            ? nn.functional.scaled_dot_product_attention(query, key, value, null, 0, time > 1)
            : Plain(query, key, value, forbidden, cap, sinks); // [batch, heads, time, headWidth]
        return mixed.transpose(1, 2).reshape(batch, time, heads * width);
    }

    /// <summary>True above the diagonal, and below the window where there is one, [time, time].</summary>
    /// <param name="window">Tokens that may be looked back on, the looking one included.</param>
    internal static Tensor Future(long time, Device device, int? window = null)
    {
        var all = ones([time, time], ScalarType.Bool, device);
        return window is { } tokens ? all.triu(1) | all.tril(-tokens) : all.triu(1);
    }

    /// <summary>True where the segments differ or the column lies ahead, [batch, 1, time, time].</summary>
    /// <param name="segments">[batch, time]</param>
    internal static Tensor Elsewhere(Tensor segments) =>
        (segments.unsqueeze(-1).ne(segments.unsqueeze(1)) | Future(segments.size(1), segments.device)).unsqueeze(1);

    /// <summary>c tanh(s / c), within c of 0; as it is without c (Gemma Team 2024, arXiv:2408.00118, section 2).</summary>
    internal static Tensor Capped(Tensor scores, double? cap) => cap is { } bound ? (scores / bound).tanh() * bound : scores;

    /// <summary>
    /// Softmax over keys; with sinks, each head's own number stands beside its scores, and its share is thrown away (Agarwal et al. 2025,
    /// arXiv:2508.10925).
    /// </summary>
    /// <param name="scores">[..., keys]</param>
    /// <param name="sinks">Of a shape that spreads over that of the scores, with 1 in place of the keys; null for none.</param>
    internal static Tensor Shares(Tensor scores, Tensor? sinks) =>
        sinks is null
            ? scores.softmax(-1)
            : cat([scores, sinks.expand([.. scores.shape[..^1], 1])], -1).softmax(-1).narrow(-1, 0, scores.size(-1));

    private static Tensor ForEveryHead(Tensor shared, long heads)
    {
        var (batch, own, time, width) = (shared.size(0), shared.size(1), shared.size(2), shared.size(3));
        return own == heads ? shared : shared.unsqueeze(2).expand(batch, own, heads / own, time, width).reshape(batch, heads, time, width);
    }

    private static Tensor Plain(Tensor query, Tensor key, Tensor value, Tensor forbidden, double? cap, Tensor? sinks)
    {
        var (batch, heads, time, width) = (query.size(0), query.size(1), query.size(2), query.size(3));
        var scaled = (query * (1 / Math.Sqrt(width))).reshape(batch * heads, time, width);
        var scores = scaled.bmm(key.reshape(batch * heads, time, width).transpose(1, 2)).view(batch, heads, time, time);
        var visible = Capped(scores, cap).masked_fill(forbidden, float.NegativeInfinity);
        var weights = Shares(visible, sinks?.view(1, heads, 1, 1)).reshape(batch * heads, time, time);
        return weights.bmm(value.reshape(batch * heads, time, width)).view(batch, heads, time, width);
    }
}
