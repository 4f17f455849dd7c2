using Attune.Core.Tokens;
using Attune.Models.Architecture;
using static TorchSharp.torch;

namespace Attune.Training.Batches;

/// <summary>
/// What frozen lower layers give for each text, computed once for all models that have those layers in common (a policy, its reference,
/// a reward model or critic begun from the same weights) and kept for all epochs over the texts. A text is known by its object, so that
/// equal answers are never mistaken for one another's memory; what is not kept is computed again, with the same result.
/// Not thread-safe; lives as long as the models do.
/// </summary>
public sealed class FrozenLayerCache : IDisposable
{
    private readonly TransformerModel _owner;
    private readonly long _mostBytes;
    private readonly HashSet<TransformerModel> _sharers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<TokenSequence, (Tensor Batch, int Row)> _rows = new(ReferenceEqualityComparer.Instance);
    private readonly List<Tensor> _batches = []; // [batch, time, width] each

    /// <param name="owner">Whose lower layers they are; they must be frozen already.</param>
    /// <param name="layers">How many, at least 1; the embeddings lie below them.</param>
    /// <param name="mostBytes">Kept at the most; 0 keeps nothing.</param>
    public FrozenLayerCache(TransformerModel owner, int layers, long mostBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        (_owner, Layers, _mostBytes) = (owner, layers, mostBytes);
        if (Frozen(owner).FirstOrDefault(name => owner.Weights[name].requires_grad) is { } trained)
        {
            throw new ArgumentException(
                $"{trained} is trained; the lowest {layers} layers must be frozen before what they give can be kept.",
                nameof(owner)
            );
        }

        _sharers.Add(owner);
    }

    /// <summary>How many layers.</summary>
    public int Layers { get; }

    /// <summary>Bytes kept at present.</summary>
    public long Bytes { get; private set; }

    /// <summary>Texts whose lower states were computed, those computed again included.</summary>
    public long Computed { get; private set; }

    /// <summary>Lets a model take part whose lower layers have the owner's very weights, and whose own are not trained.</summary>
    /// <returns>Whether it does; one that does not computes all its layers itself.</returns>
    public bool Share(TransformerModel model)
    {
        var same =
            model.Config with { TiedHead = _owner.Config.TiedHead } == _owner.Config
            && model.Weights.Type == _owner.Weights.Type
            && Frozen(_owner).All(Equal);
        if (same)
        {
            _sharers.Add(model);
        }

        return same;

        bool Equal(string name)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            return model.Weights.Find(name) is { } other && other.eq(_owner.Weights[name]).all().item<bool>();
        }
    }

    /// <summary>
    /// The model's last hidden state after the final norm at some of the batch's positions, from kept lower states where there are any.
    /// The last layer computes no more than they need.
    /// </summary>
    /// <param name="positions">[n] int64: flat indices, row * time + place</param>
    /// <param name="shared">Null where nothing is shared.</param>
    /// <returns>[n, width]</returns>
    public static Tensor HiddenAt(TransformerModel model, TokenBatch batch, Tensor positions, FrozenLayerCache? shared)
    {
        var isShared = shared is not null && batch.Sequences is not null && shared._sharers.Contains(model);
        var (lower, from) = isShared
            ? (shared!.Of(batch, batch.Sequences!), shared.Layers)
            : (model.Trunk.Lower(batch.Tokens, 0, batch.Segments), 0);
        return model.Trunk.UpperAt(lower, from, positions, isShared ? null : batch.Segments);
    }

    /// <summary>Forgets the texts, as a new round brings others.</summary>
    public void Forget()
    {
        _batches.ForEach(b => b.Dispose());
        _batches.Clear();
        _rows.Clear();
        Bytes = 0;
    }

    public void Dispose() => Forget();

    private Tensor Of(TokenBatch batch, IReadOnlyList<TokenSequence> texts)
    {
        using var quiet = no_grad();
        if (texts.All(_rows.ContainsKey))
        {
            return Gather(batch, texts);
        }

        Computed += texts.Count;
        var hidden = _owner.Trunk.Lower(batch.Tokens, Layers);
        var size = hidden.numel() * hidden.ElementSize;
        if (Bytes + size > _mostBytes)
        {
            return hidden;
        }

        Bytes += size;
        _batches.Add(hidden.DetachFromDisposeScope());
        for (var row = 0; row < texts.Count; row++)
        {
            _rows[texts[row]] = (hidden, row);
        }

        return hidden.detach();
    }

    private Tensor Gather(TokenBatch batch, IReadOnlyList<TokenSequence> texts)
    {
        var first = _rows[texts[0]].Batch;
        // Scoring asks for the same batch once a model: then nothing is copied.
        if (
            first.size(0) == texts.Count
            && first.size(1) == batch.Tokens.size(1)
            && texts.Select((text, row) => ReferenceEquals(_rows[text].Batch, first) && _rows[text].Row == row).All(same => same)
        )
        {
            return first.detach();
        }

        var hidden = zeros([texts.Count, batch.Tokens.size(1), first.size(2)], first.dtype, first.device);
        using var scope = NewDisposeScope();
        for (var row = 0; row < texts.Count; row++)
        {
            var (source, index) = _rows[texts[row]];
            hidden.select(0, row).narrow(0, 0, texts[row].Length).copy_(source.select(0, index).narrow(0, 0, texts[row].Length));
        }

        return hidden;
    }

    private IEnumerable<string> Frozen(TransformerModel model)
    {
        var end = model.Weights.OffsetAbove(Layers);
        return model.Weights.Slots.Where(s => s.Offset < end).Select(s => s.Name);
    }
}
