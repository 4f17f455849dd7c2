namespace Attune.Core.Statistics;

/// <summary>Small positive definite systems on plain arrays.</summary>
internal static class Cholesky
{
    // A pivot this much smaller than the largest diagonal entry may be rounding.
    private const double Floor = 1e-9;

    /// <summary>A⁻¹ b in place of b; A is overwritten by its factor.</summary>
    /// <returns>False where A is not clearly positive definite; b is then of no use.</returns>
    public static bool Solve(double[,] a, double[] b)
    {
        var floor = 0.0;
        for (var i = 0; i < b.Length; i++)
        {
            floor = Math.Max(floor, Floor * Math.Abs(a[i, i]));
        }

        for (var i = 0; i < b.Length; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = a[i, j];
                for (var k = 0; k < j; k++)
                {
                    sum -= a[i, k] * a[j, k];
                }

                if (i == j && !(sum > floor))
                {
                    return false;
                }

                a[i, j] = i == j ? Math.Sqrt(sum) : sum / a[j, j];
            }

            for (var k = 0; k < i; k++)
            {
                b[i] -= a[i, k] * b[k];
            }

            b[i] /= a[i, i];
        }

        Back(a, b);
        return true;
    }

    private static void Back(double[,] factor, double[] b)
    {
        for (var i = b.Length - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < b.Length; k++)
            {
                b[i] -= factor[k, i] * b[k];
            }

            b[i] /= factor[i, i];
        }
    }
}
