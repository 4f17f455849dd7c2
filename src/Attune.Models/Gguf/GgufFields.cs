using System.Globalization;
using Attune.Core;
using Attune.Text.Gguf;

namespace Attune.Models.Gguf;

/// <summary>The keys of a GGUF file, each checked as it is read; the model's own begin with its architecture's name.</summary>
internal sealed class GgufFields(GgufHeader file)
{
    internal string Architecture { get; } =
        file.Fields.GetValueOrDefault("general.architecture") as string
        ?? throw file.Wrong("the key 'general.architecture' is missing, or not a text");

    /// <summary>A key of the whole file's.</summary>
    internal object? Of(string key) => file.Fields.GetValueOrDefault(key);

    /// <summary>A key of the architecture's own.</summary>
    internal object? Own(string key) => Of($"{Architecture}.{key}");

    internal bool Has(string key) => Own(key) is not null;

    internal bool HasTensor(string name) => file.Entries.ContainsKey(name);

    internal int Number(string key, int? otherwise = null) =>
        Own(key) switch
        {
            uint and <= int.MaxValue and var value => (int)value,
            null => otherwise ?? throw Missing(key),
            var value => throw file.Wrong($"{Architecture}.{key} is {value}; expected a whole number"),
        };

    internal double Real(string key, double? otherwise = null) =>
        Own(key) switch
        {
            float value => ShortestOf(value),
            null => otherwise ?? throw Missing(key),
            var value => throw file.Wrong($"{Architecture}.{key} is {value}; expected a number"),
        };

    internal bool Flag(string key) =>
        Own(key) switch
        {
            bool value => value,
            null => throw Missing(key),
            var value => throw file.Wrong($"{Architecture}.{key} is {value}; expected true or false"),
        };

    internal string? Text(string key) =>
        Own(key) switch
        {
            null => null,
            string value => value,
            var value => throw file.Wrong($"{Architecture}.{key} is {value}; expected a text"),
        };

    internal ModelFileException Wrong(string what) => file.Wrong(what);

    private ModelFileException Missing(string key) => file.Wrong($"the key '{Architecture}.{key}' is missing");

    /// <summary>The shortest number that rounds to the same float32: a file that was written from 1e-5 gives 1e-5.</summary>
    internal static double ShortestOf(float number) =>
        double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
