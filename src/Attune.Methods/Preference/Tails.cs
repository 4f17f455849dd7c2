using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Methods.Preference;

/// <summary>
/// LD-DPO, Liu et al. 2024 (arXiv:2409.06411): of the longer answer of a pair, tokens beyond the length of the shorter one count
/// alpha times, so that length itself sways the margin less: log pi = sum of the shared tokens + alpha * sum of the others.
/// </summary>
/// <param name="Shared">Answer tokens that count whole, one number an answer.</param>
/// <param name="Alpha">What the others count: 1 is DPO, 0 leaves them out.</param>
public sealed record Tails(IReadOnlyList<int> Shared, double Alpha)
{
    /// <returns>[answer tokens]: 1 or alpha</returns>
    internal Tensor Weights(TokenBatch batch, Tensor like) =>
        tensor(
                batch
                    .AnswerLengths.SelectMany(
                        (length, row) => Enumerable.Range(0, length).Select(place => place < Shared[row] ? 1f : (float)Alpha)
                    )
                    .ToArray(),
                device: like.device
            )
            .to(like.dtype);
}
