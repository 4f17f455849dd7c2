using System.Globalization;

namespace Attune.Control.Policy;

/// <summary>Lists of numbers in a checkpoint's state, which has single ones.</summary>
internal static class SavedNumbers
{
    public static void Put(Dictionary<string, double> state, string key, double[] numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            state[$"{key}/{i.ToString(CultureInfo.InvariantCulture)}"] = numbers[i];
        }
    }

    public static double[] Take(IReadOnlyDictionary<string, double> state, string key)
    {
        List<double> numbers = [];
        while (state.TryGetValue($"{key}/{numbers.Count.ToString(CultureInfo.InvariantCulture)}", out var number))
        {
            numbers.Add(number);
        }

        return [.. numbers];
    }
}
