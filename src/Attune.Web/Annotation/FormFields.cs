using System.Globalization;
using Attune.Core;
using Microsoft.Extensions.Primitives;

namespace Attune.Web.Annotation;

/// <summary>The fields of a form by name; empty ones count as absent.</summary>
internal sealed class FormFields(IReadOnlyDictionary<string, StringValues> form)
{
    /// <summary>The most numbered fields in a form; more would only burden the server.</summary>
    private const int MostParts = 4096;

    public IEnumerable<string> Names => form.Keys;

    /// <summary>Browsers send line breaks as CR LF; each was typed as one character.</summary>
    public string? Text(string name) =>
        form.TryGetValue(name, out var values) && values.Count > 0 && values[0] is { Length: > 0 } text
            ? text.Replace("\r\n", "\n", StringComparison.Ordinal)
            : null;

    public int? Number(string name) =>
        Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw new DataException($"the field '{name}' is '{Brief(text)}'; expected a whole number.");

    public double? Real(string name) =>
        Text(name) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw new DataException($"the field '{name}' is '{Brief(text)}'; expected a number.");

    public Guid? Id(string name) => Guid.TryParse(Text(name), out var id) ? id : null;

    public TimeSpan? Milliseconds(string name) =>
        Text(name) is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < 1L << 44
            ? TimeSpan.FromMilliseconds(number)
            : null;

    /// <summary>The fields name.0, name.1, ... up to the highest present; null for absent ones.</summary>
    /// <param name="least">The least number of fields to return; those after the highest are null.</param>
    public IEnumerable<(int Index, int? Number)> Numbered(string name, int least = 0)
    {
        var indices = form
            .Keys.Where(k => k.StartsWith(name + ".", StringComparison.Ordinal))
            .Select(k => int.TryParse(k.AsSpan(name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var i) ? i : -1)
            .ToArray();
        var count = Math.Max(least, indices.DefaultIfEmpty(-1).Max() + 1);
        if (count > MostParts)
        {
            throw new DataException($"the form has {count} fields '{name}'; expected {MostParts} at most.");
        }
        return Enumerable.Range(0, count).Select(i => (i, Number($"{name}.{i.ToString(CultureInfo.InvariantCulture)}")));
    }

    private static string Brief(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
