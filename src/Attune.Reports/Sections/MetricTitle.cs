using Attune.Core.Runs;

namespace Attune.Reports.Sections;

/// <summary>Titles of figures whose metric stands in no figure of the catalogue: what it means, not what it is logged as.</summary>
internal static class MetricTitle
{
    private const int Longest = 64;

    /// <summary>The beginning of its meaning, up to the first stop; its name where nothing is known, or that is too long.</summary>
    public static string Of(string name)
    {
        if (MetricCatalog.Find(name) is not { } metric)
        {
            return name;
        }

        var stop = metric.Meaning.AsSpan().IndexOfAny(":;.,(");
        var title = (stop < 0 ? metric.Meaning : metric.Meaning[..stop]).Trim();
        // Of a name with a part that stands for any, the part says which.
        string[] free =
        [
            .. metric.Name.Split('/').Zip(name.Split('/')).Where(p => p.First.StartsWith('<')).Select(p => p.Second.Replace('_', ' ')),
        ];
        title = free.Length > 0 ? $"{title}: {string.Join(", ", free)}" : title;
        return title.Length is 0 or > Longest ? name : title;
    }

    /// <summary>The whole meaning, where the title is not all of it, and the name in the logs.</summary>
    public static string Hint(string name)
    {
        var meaning = MetricCatalog.Find(name)?.Meaning ?? "";
        return Of(name) == name ? meaning
            : meaning.TrimEnd('.') == Of(name) ? $"Logged as {name}."
            : $"{meaning} Logged as {name}.";
    }
}
