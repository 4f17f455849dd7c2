using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Attune.Testing.Training;

/// <summary>Central differences in float64, against which a loss's own gradient is held.</summary>
public static class FiniteDifferences
{
    private const double Step = 1e-6;

    /// <summary>Asserts that the gradient of a scalar function agrees with (f(x + h) - f(x - h)) / 2h in every coordinate.</summary>
    /// <param name="function">A vector, float64, to a scalar.</param>
    /// <param name="at">The point; keep kinks further than 1e-5 away.</param>
    /// <param name="tolerance">Relative to max(1, |difference|).</param>
    public static void Agree(Func<Tensor, Tensor> function, double[] at, double tolerance = 1e-7)
    {
        using var scope = NewDisposeScope();
        var point = tensor(at, requires_grad: true);
        var value = function(point);
        Assert.Equal(ScalarType.Float64, value.dtype);
        value.backward();
        var gradient = point.grad!.data<double>().ToArray();
        for (var i = 0; i < at.Length; i++)
        {
            var difference = (Value(function, at, i, Step) - Value(function, at, i, -Step)) / (2 * Step);
            Assert.True(
                Math.Abs(gradient[i] - difference) <= tolerance * Math.Max(1, Math.Abs(difference)),
                $"coordinate {i}: the gradient is {gradient[i]:g12}, the difference quotient {difference:g12}"
            );
        }
    }

    private static double Value(Func<Tensor, Tensor> function, double[] at, int coordinate, double step)
    {
        using var scope = NewDisposeScope();
        double[] moved = [.. at];
        moved[coordinate] += step;
        return function(tensor(moved)).ToDouble();
    }
}
