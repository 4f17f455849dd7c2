using Attune.Kernels;
using Attune.Models.Weights;
using Attune.Numerics;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Attune.Models.Encoders;

/// <summary>The forward pass of an encoder, differentiable: bidirectional attention, a norm after each branch, exact GELU.</summary>
internal sealed class EncoderForward(EncoderConfig config, FlatParameters weights)
{
    /// <summary>Probability of leaving out a number where there is a gradient: after the embeddings, in the attention, after each
    /// branch, and before the classes.</summary>
    public double Dropout { get; set; }

    /// <returns>The last hidden states, [texts, time, width].</returns>
    public Tensor Hidden(EncoderBatch batch)
    {
        using var scope = NewDisposeScope();
        var (texts, time) = (batch.Texts, batch.Time);
        var x =
            W("words").index_select(0, batch.Ids).view(texts, time, config.Width) + W("positions").narrow(0, config.FirstPosition, time);
        if (config.TokenTypes > 0)
        {
            x += batch.Types is { } types ? W("types").index_select(0, types).view(texts, time, config.Width) : W("types")[0];
        }

        x = Dropped(Norm(x, "embeddingNorm"));
        for (var i = 0; i < config.Layers; i++)
        {
            using var inner = NewDisposeScope();
            x = Layer(x, batch.Mask, $"layers.{i}.").MoveToOuterDisposeScope();
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>What the class is read from: of the first token.</summary>
    /// <param name="hidden">[texts, time, width]</param>
    /// <returns>[texts, width]</returns>
    public Tensor Pooled(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var first = Affine(hidden.select(1, 0), "first");
        return (config.Family == "distilbert" ? first.relu() : first.tanh()).MoveToOuterDisposeScope();
    }

    /// <returns>[texts, labels]</returns>
    public Tensor Logits(EncoderBatch batch)
    {
        using var scope = NewDisposeScope();
        return Affine(Dropped(Pooled(Hidden(batch))), "last").MoveToOuterDisposeScope();
    }

    private Tensor Layer(Tensor x, Tensor mask, string layer)
    {
        var (batch, time) = (x.size(0), x.size(1));
        var (query, key, value) = (Heads("query"), Heads("key"), Heads("value"));
        var scores = query.matmul(key.transpose(2, 3)) / Math.Sqrt((double)config.Width / config.Heads) + mask;
        var attended = Dropped(scores.softmax(-1)).matmul(value).transpose(1, 2).reshape(batch, time, config.Width);
        x = Norm(x + Dropped(Affine(attended, layer + "out")), layer + "norm1");
        return Norm(x + Dropped(Affine(nn.functional.gelu(Affine(x, layer + "up")), layer + "down")), layer + "norm2");

        Tensor Heads(string map) => Affine(x, layer + map).view(batch, time, config.Heads, -1).transpose(1, 2);
    }

    /// <summary>The same for the same update and place in it, so that a resumed run leaves out the same.</summary>
    private unsafe Tensor Dropped(Tensor x)
    {
        if (Dropout == 0 || !is_grad_enabled())
        {
            return x;
        }

        var mask = empty(x.shape);
        DropoutKernel.Mask(weights.NextPass().Value, (float*)TensorMemory.Start(mask), mask.numel(), Dropout);
        return x * mask;
    }

    private Tensor Affine(Tensor x, string name) => nn.functional.linear(x, W(name + ".weight"), W(name + ".bias"));

    private Tensor Norm(Tensor x, string name) =>
        nn.functional.layer_norm(x, [config.Width], W(name + ".weight"), W(name + ".bias"), config.NormEpsilon);

    private Parameter W(string name) => weights[name];
}
