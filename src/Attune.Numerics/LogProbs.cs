using TorchSharp;

namespace Attune.Numerics;

/// <summary>Log-probabilities of tokens from logits. All results are in nats and at least float32.</summary>
public static class LogProbs
{
    /// <summary>log softmax(logits)[target], row by row.</summary>
    /// <param name="logits">[rows, vocab]</param>
    /// <param name="targets">[rows], int64</param>
    /// <returns>[rows]</returns>
    public static torch.Tensor OfTokens(torch.Tensor logits, torch.Tensor targets)
    {
        logits.Require([-1, -1]);
        targets.Require([logits.shape[0]]);
        using var scope = torch.NewDisposeScope();
        var precise = AtLeastFloat32(logits);
        var picked = precise.gather(-1, targets.unsqueeze(-1)).squeeze(-1); // [rows]
        return (picked - precise.logsumexp(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>Entropy of softmax(logits), row by row.</summary>
    /// <param name="logits">[rows, vocab]</param>
    /// <returns>[rows]</returns>
    public static torch.Tensor Entropy(torch.Tensor logits)
    {
        logits.Require([-1, -1]);
        using var scope = torch.NewDisposeScope();
        var logProbs = AtLeastFloat32(logits).log_softmax(-1); // [rows, vocab]
        return (-(logProbs.exp() * logProbs).sum(-1)).MoveToOuterDisposeScope();
    }

    private static torch.Tensor AtLeastFloat32(torch.Tensor logits) =>
        logits.element_size() < sizeof(float) ? logits.to(torch.ScalarType.Float32) : logits;
}
