using System.Runtime.Intrinsics;

namespace Attune.Kernels;

internal unsafe ref partial struct AttentionScratch<T>
{
    /// <summary>Scores become weights, 0 outside [start, last].</summary>
    /// <returns>The log of the sum of exponentials.</returns>
    private static float Softmax(float* scores, int start, int last, int low, int high)
    {
        var most = Vector512.Create(float.NegativeInfinity);
        for (var j = low; j < high; j += 16)
        {
            most = Vector512.Max(most, Masked(Vector512.Load(scores + j), j, start, last));
        }

        var top = Vector512Math.Largest(most);
        var (shift, total) = (Vector512.Create(top), Vector512<float>.Zero);
        for (var j = low; j < high; j += 16)
        {
            var power = Vector512Math.Exp(Masked(Vector512.Load(scores + j), j, start, last) - shift);
            power.Store(scores + j);
            total += power;
        }

        var sum = Vector512.Sum(total);
        var share = Vector512.Create(1 / sum);
        for (var j = low; j < high; j += 16)
        {
            (Vector512.Load(scores + j) * share).Store(scores + j);
        }

        return top + MathF.Log(sum);
    }

    /// <summary>Scores become weights, and the gradient of weights that of scores.</summary>
    private readonly void Slopes(float* weights, float* slopes, int start, int last, int low, int high, float logSum, float dot)
    {
        var (shift, mean) = (Vector512.Create(logSum), Vector512.Create(dot));
        new Span<float>(weights, low).Clear();
        new Span<float>(slopes, low).Clear();
        for (var j = low; j < high; j += 16)
        {
            var weight = Vector512Math.Exp(Masked(Vector512.Load(weights + j), j, start, last) - shift);
            weight.Store(weights + j);
            (weight * (Vector512.Load(slopes + j) - mean)).Store(slopes + j);
        }
    }

    private static Vector512<float> Masked(Vector512<float> values, int column, int start, int last)
    {
        var places = Vector512.Create(column) + Vector512<int>.Indices;
        var inside =
            Vector512.GreaterThanOrEqual(places, Vector512.Create(start)) & Vector512.LessThanOrEqual(places, Vector512.Create(last));
        return Vector512.ConditionalSelect(inside.AsSingle(), values, Vector512.Create(float.NegativeInfinity));
    }
}
