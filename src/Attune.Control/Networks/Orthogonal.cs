using Attune.Core.Runs;

namespace Attune.Control.Networks;

/// <summary>Orthogonal first weights (Saxe, McClelland and Ganguli 2014, arXiv:1312.6120).</summary>
public static class Orthogonal
{
    /// <summary>Rows or columns, whichever are fewer, orthogonal to each other and of length <paramref name="gain"/>.</summary>
    /// <returns>[outputs, inputs], row by row</returns>
    public static float[] Matrix(int outputs, int inputs, double gain, Seed seed)
    {
        var (count, length) = (Math.Min(outputs, inputs), Math.Max(outputs, inputs));
        var random = seed.Rng();
        var vectors = new double[count][];
        for (var i = 0; i < count; i++)
        {
            vectors[i] = [.. Enumerable.Range(0, length).Select(_ => random.NextNormal())];
            for (var pass = 0; pass < 2; pass++) // twice, because once leaves rounding
            {
                for (var j = 0; j < i; j++)
                {
                    Subtract(vectors[i], vectors[j]);
                }
            }

            var norm = Math.Sqrt(vectors[i].Sum(v => v * v));
            vectors[i] = Array.ConvertAll(vectors[i], v => v / norm);
        }

        var matrix = new float[outputs * inputs];
        for (var k = 0; k < matrix.Length; k++)
        {
            var (row, column) = (k / inputs, k % inputs);
            matrix[k] = (float)(gain * (outputs <= inputs ? vectors[row][column] : vectors[column][row]));
        }

        return matrix;
    }

    private static void Subtract(double[] vector, double[] unit)
    {
        var share = vector.Zip(unit, (v, u) => v * u).Sum();
        for (var k = 0; k < vector.Length; k++)
        {
            vector[k] -= share * unit[k];
        }
    }
}
