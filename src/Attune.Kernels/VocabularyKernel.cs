using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>
/// Log-softmax of rows of logits at one token each, and its gradient, without a second array of the logits' size. All sums are in
/// float32.
/// </summary>
public static unsafe class VocabularyKernel
{
    /// <param name="logits">[rows, vocabulary]</param>
    /// <param name="scale">Of the logits before the softmax: one over the temperature.</param>
    /// <param name="logProbs">[rows]: of the target, nats</param>
    /// <param name="logSums">[rows]: log of the softmax's sum</param>
    /// <param name="entropies">[rows]: of the softmax, nats</param>
    /// <param name="hits">[rows]: 1 where no token is likelier than the target</param>
    public static void Forward<T>(
        void* logits,
        long* targets,
        float scale,
        float* logProbs,
        float* logSums,
        float* entropies,
        float* hits,
        int rows,
        int vocabulary
    )
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * vocabulary,
            row =>
            {
                var at = (long)row * vocabulary;
                var most = Vector512.Create(float.NegativeInfinity);
                var whole = vocabulary / 16 * 16;
                for (var i = 0; i < whole; i += 16)
                {
                    most = Vector512.Max(most, T.Load(logits, at + i));
                }

                if (whole < vocabulary)
                {
                    most = Vector512.Max(most, Last<T>(logits, at, whole, vocabulary, float.NegativeInfinity));
                }

                var top = Vector512Math.Largest(most);
                var (factor, shift) = (Vector512.Create(scale), Vector512.Create(top * scale));
                var (total, weighted) = (Vector512<float>.Zero, Vector512<float>.Zero);
                for (var i = 0; i < vocabulary; i += 16)
                {
                    // Beyond the end: a logit that gives 0 and is a number, so that 0 times it is 0.
                    var logit = i < whole ? T.Load(logits, at + i) : Last<T>(logits, at, i, vocabulary, -1e30f);
                    var below = logit * factor - shift;
                    var power = Vector512Math.Exp(below);
                    total += power;
                    weighted = Vector512.FusedMultiplyAdd(power, below, weighted);
                }

                var (sum, target) = (Vector512.Sum(total), T.LoadOne(logits, at + targets[row]));
                var log = MathF.Log(sum);
                logSums[row] = top * scale + log;
                logProbs[row] = (target - top) * scale - log;
                entropies[row] = log - Vector512.Sum(weighted) / sum;
                hits[row] = target >= top ? 1 : 0;
            }
        );

    /// <summary>Overwrites the logits by their gradient: scale * gradient * (1[target] - softmax).</summary>
    /// <param name="gradients">[rows], of the log-probabilities</param>
    public static void Backward<T>(void* logits, long* targets, float scale, float* logSums, float* gradients, int rows, int vocabulary)
        where T : struct, IElement =>
        ParallelLoop.For(
            rows,
            (long)rows * vocabulary,
            row =>
            {
                var at = (long)row * vocabulary;
                var target = at + targets[row];
                var atTarget = MathF.Exp(T.LoadOne(logits, target) * scale - logSums[row]);
                var (factor, shift, slope) = (
                    Vector512.Create(scale),
                    Vector512.Create(logSums[row]),
                    Vector512.Create(-gradients[row] * scale)
                );
                var i = 0;
                for (; i + 16 <= vocabulary; i += 16)
                {
                    T.Store(logits, at + i, slope * Vector512Math.Exp(T.Load(logits, at + i) * factor - shift));
                }

                for (; i < vocabulary; i++)
                {
                    T.StoreOne(logits, at + i, -gradients[row] * scale * MathF.Exp(T.LoadOne(logits, at + i) * scale - logSums[row]));
                }

                T.StoreOne(logits, target, gradients[row] * scale * (1 - atTarget));
            }
        );

    /// <summary>The last numbers of a row, and others for those that sixteen would take.</summary>
    private static Vector512<float> Last<T>(void* logits, long at, int i, int vocabulary, float beyond)
        where T : struct, IElement
    {
        var values = stackalloc float[16];
        for (var j = 0; j < 16; j++)
        {
            values[j] = i + j < vocabulary ? T.LoadOne(logits, at + i + j) : beyond;
        }

        return Vector512.Load(values);
    }
}
