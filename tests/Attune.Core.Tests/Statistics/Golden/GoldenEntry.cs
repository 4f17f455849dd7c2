using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Attune.Core.Tests.Statistics.Golden;

/// <summary>One entry of the golden statistics: inputs and what well-known programs make of them.</summary>
public sealed class GoldenEntry(JsonElement entry)
{
    public string Id => entry.GetProperty("id").GetString()!;

    public string Kind => entry.GetProperty("kind").GetString()!;

    public JsonElement Expected => entry.GetProperty("expected");

    public JsonElement this[string input] => entry.GetProperty("inputs").GetProperty(input);

    public int Items => this["items"].GetInt32();

    public bool Has(string input) =>
        entry.GetProperty("inputs").TryGetProperty(input, out var value) && value.ValueKind != JsonValueKind.Null;

    public double Option(string name, double otherwise = 0) =>
        entry.GetProperty("options").TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : otherwise;

    public string Text(string option) => entry.GetProperty("options").TryGetProperty(option, out var value) ? value.ToString() : "";

    private double Tolerance =>
        entry.TryGetProperty("tolerance", out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 2e-9;

    /// <summary>Every expected value must be among the found ones, except those named as of other programs.</summary>
    /// <returns>What differs, one line each.</returns>
    public IReadOnlyList<string> Differences(object found, params string[] others)
    {
        var differences = new List<string>();
        Compare(Expected, found, Id, differences, Tolerance, others);
        return differences;
    }

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(Number)];

    public static double[][] Rows(JsonElement array) => [.. array.EnumerateArray().Select(Numbers)];

    public static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(v => (int)v.GetDouble())];

    public static double Number(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => double.NaN,
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            JsonValueKind.String => value.GetString() == "inf" ? double.PositiveInfinity : double.NegativeInfinity,
            _ => value.GetDouble(),
        };

    public static double[,] Matrix(JsonElement rows)
    {
        var read = Rows(rows);
        var matrix = new double[read.Length, read[0].Length];
        for (var i = 0; i < read.Length; i++)
        {
            for (var j = 0; j < read[0].Length; j++)
            {
                matrix[i, j] = read[i][j];
            }
        }

        return matrix;
    }

    private static void Compare(
        JsonElement expected,
        object? found,
        string place,
        List<string> differences,
        double tolerance,
        string[] others
    )
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in expected.EnumerateObject().Where(p => !others.Contains(p.Name)))
                {
                    if (found is IDictionary map && map.Contains(property.Name))
                    {
                        Compare(property.Value, map[property.Name], $"{place}.{property.Name}", differences, tolerance, others);
                    }
                    else
                    {
                        differences.Add($"{place}.{property.Name}: not computed");
                    }
                }

                break;
            case JsonValueKind.Array:
                object?[] list = [.. ((IEnumerable)found!).Cast<object?>()];
                if (list.Length != expected.GetArrayLength())
                {
                    differences.Add($"{place}: {list.Length} values, expected {expected.GetArrayLength()}");
                    break;
                }

                foreach (var (i, value) in expected.EnumerateArray().Index())
                {
                    Compare(value, list[i], $"{place}[{i}]", differences, tolerance, others);
                }

                break;
            default:
                var (want, got) = (Number(expected), Convert.ToDouble(found ?? double.NaN, CultureInfo.InvariantCulture));
                var same = double.IsNaN(want)
                    ? double.IsNaN(got)
                    : want == got || Math.Abs(want - got) <= tolerance * Math.Max(1, Math.Abs(want));
                if (!same)
                {
                    differences.Add(string.Create(CultureInfo.InvariantCulture, $"{place}: {got}, expected {want}"));
                }

                break;
        }
    }
}
