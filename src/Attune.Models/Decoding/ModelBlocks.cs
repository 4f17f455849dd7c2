using Attune.Kernels;
using Attune.Models.Architecture;

namespace Attune.Models.Decoding;

/// <summary>
/// A model's matrices as blocks of few bits, from where the model comes (a GGUF file). An engine that keeps weights quantised takes them as
/// they are, so that nothing is quantised a second time. A matrix that is not among them, or that an adapter changes, is quantised from its
/// numbers.
/// </summary>
/// <param name="matrices">By the names of the model's slots: "tokens", "layers.0.qkv.weight" and so on.</param>
public sealed class ModelBlocks(IReadOnlyDictionary<string, BlockMatrix> matrices)
{
    /// <summary>The blocks that stand for a slot of this model; null where its numbers have to be read.</summary>
    internal BlockMatrix? Find(TransformerModel model, string name) =>
        matrices.TryGetValue(name, out var blocks) && ReferenceEquals(model.Merged(name), model.Weights.Find(name)) ? blocks : null;
}
