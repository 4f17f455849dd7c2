using TorchSharp;

namespace Attune.Models.Architecture;

/// <summary>How likely a model finds given tokens, one row each; float32, nats.</summary>
/// <param name="LogProbs">[rows], of the tokens, with gradient where one is recorded</param>
/// <param name="Entropy">[rows], of the distributions they stand in, without gradient</param>
/// <param name="Hits">[rows], 1 where no token is likelier, without gradient</param>
public sealed record TokenScores(torch.Tensor LogProbs, torch.Tensor Entropy, torch.Tensor Hits)
{
    /// <summary>Hands the tensors to the caller's dispose scope.</summary>
    public TokenScores MoveToOuterScope()
    {
        LogProbs.MoveToOuterDisposeScope();
        Entropy.MoveToOuterDisposeScope();
        Hits.MoveToOuterDisposeScope();
        return this;
    }
}
