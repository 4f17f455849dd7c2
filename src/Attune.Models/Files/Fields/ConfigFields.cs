using System.Text.Json;
using Attune.Core;

namespace Attune.Models.Files.Fields;

/// <summary>The fields of a <c>config.json</c>, each checked as it is read.</summary>
internal sealed class ConfigFields(string path, JsonElement root)
{
    internal ModelFileException Problem(string field, string what) => new($"{path}: {field} {what}.");

    internal string Text(string name) =>
        Find(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Problem(name, "is missing or not a text");

    internal int Number(string name, int? otherwise = null) =>
        Find(name) switch
        {
            { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => number,
            null when otherwise is { } number => number,
            null => throw Problem(name, "is missing; expected a whole number"),
            { } value => throw Problem(name, $"is {Shown(value)}; expected a whole number"),
        };

    internal double Real(string name, double otherwise) =>
        Find(name) switch
        {
            { ValueKind: JsonValueKind.Number } value => value.GetDouble(),
            null => otherwise,
            { } value => throw Problem(name, $"is {Shown(value)}; expected a number"),
        };

    internal bool Flag(string name, bool otherwise) =>
        Find(name) switch
        {
            { ValueKind: JsonValueKind.True } => true,
            { ValueKind: JsonValueKind.False } => false,
            null => otherwise,
            { } value => throw Problem(name, $"is {Shown(value)}; expected true or false"),
        };

    /// <summary>Refuses a model that uses something not supported, whose field would be true.</summary>
    internal void Refuse(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Flag(name, false))
            {
                throw Problem(name, "is true, which is not supported");
            }
        }
    }

    internal void Require(string name, bool value)
    {
        if (Flag(name, value) != value)
        {
            throw Problem(name, $"is {(value ? "false" : "true")}, which is not supported");
        }
    }

    internal void Require(string name, string otherwise, params ReadOnlySpan<string> supported)
    {
        var value = Find(name) is null ? otherwise : Text(name);
        if (!supported.Contains(value))
        {
            throw Problem(name, $"is '{value}'; supported is {string.Join(" or ", supported.ToArray())}");
        }
    }

    /// <summary>
    /// Refuses what is known to change a model's results and is not built: a field that is neither absent nor one of these values.
    /// </summary>
    internal void RefuseUnless(string name, params ReadOnlySpan<string> harmless)
    {
        if (Find(name) is { } value && !harmless.Contains(value.ToString()))
        {
            throw Problem(name, $"is {Shown(value)}, which changes the model's results and is not supported");
        }
    }

    /// <summary>A list of texts, or one; none where the field is absent.</summary>
    internal string[] Texts(string name) =>
        Find(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } value => [value.GetString()!],
            { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
            [
                .. value.EnumerateArray().Select(v => v.GetString()!),
            ],
            { } value => throw Problem(name, $"is {Shown(value)}; expected a list of names"),
        };

    /// <summary>A list of numbers; null where the field is absent.</summary>
    internal double[]? Reals(string name) =>
        Find(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Number) =>
            [
                .. value.EnumerateArray().Select(v => v.GetDouble()),
            ],
            { } value => throw Problem(name, $"is {Shown(value)}; expected a list of numbers"),
        };

    /// <summary>All of them, also those that are null.</summary>
    internal IEnumerable<string> Names => root.ValueKind == JsonValueKind.Object ? root.EnumerateObject().Select(p => p.Name) : [];

    internal bool IsText(string name) => Find(name) is { ValueKind: JsonValueKind.String };

    internal bool Has(string name) => Find(name) is not null;

    /// <summary>An object among the fields.</summary>
    internal ConfigFields? Section(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Object } nested ? new ConfigFields($"{path}: {name}", nested) : null;

    private JsonElement? Find(string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static string Shown(JsonElement value) => value.ToString() is { Length: > 40 } text ? text[..40] + "..." : value.ToString();
}
