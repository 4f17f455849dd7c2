using System.Text.RegularExpressions;
using Attune.Models.Files;

namespace Attune.Recipes;

/// <summary>
/// What a model card calls models and data: by their names on the hub where they come from there, else by their files' names. A path of
/// this machine says nothing to others, and may say too much.
/// </summary>
internal static partial class CardNames
{
    /// <summary>A model's name: OWNER/MODEL where its folder comes from a cache of the hub, else the last name of the path.</summary>
    public static string OfModel(string folder)
    {
        if (OnHub(folder) is { } known)
        {
            return known;
        }

        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return Path.GetFullPath(folder) == Path.GetFullPath(EmbeddedModel.Folder) ? "the model that ships with Attune"
            : name == "final" ? Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(folder))!)
            : Path.GetFileNameWithoutExtension(name);
    }

    /// <summary>OWNER/MODEL of a folder in Attune's own cache or in that of huggingface_hub; null for others.</summary>
    public static string? OnHub(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return Pulled().Match(name) is { Success: true } pulled ? $"{pulled.Groups[1].Value}/{pulled.Groups[2].Value}"
            : Cached("models").Match(Slashes(folder)) is { Success: true } cached ? $"{cached.Groups[1].Value}/{cached.Groups[2].Value}"
            : null;
    }

    /// <summary>OWNER/NAME of each data set in a text that comes from huggingface_hub's cache.</summary>
    public static IEnumerable<string> DataSets(string text) =>
        Cached("datasets").Matches(Slashes(text)).Select(m => $"{m.Groups[1].Value}/{m.Groups[2].Value}").Distinct(StringComparer.Ordinal);

    /// <summary>The text with absolute paths by their last names, and without passwords.</summary>
    public static string WithoutPlaces(string text)
    {
        var quoted = Quoted().Replace(text, m => '"' + string.Join(" + ", m.Groups[1].Value.Split(" + ").Select(Last)) + '"');
        var plain = Plain().Replace(quoted, m => Last(m.Value));
        return Password().Replace(plain, "$1=...");
    }

    /// <summary>The last name of a path; the last two of a run's final folder, and the hub's name of what comes from there.</summary>
    private static string Last(string path)
    {
        var cut = Slashes(path).TrimEnd('/');
        if (Cached("(?:models|datasets)").Match(cut) is { Success: true } cached)
        {
            var file = cached.Groups[3].Value;
            return $"{cached.Groups[1].Value}/{cached.Groups[2].Value}" + (file.Length > 0 ? $"/{file}" : "");
        }

        var names = cut.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return names is [.., var before, "final"] ? $"{before}/final" : names.LastOrDefault() ?? "";
    }

    private static string Slashes(string path) => path.Replace('\\', '/');

    /// <summary>A folder of huggingface_hub's cache, and what of it is meant.</summary>
    private static Regex Cached(string kind) =>
        new(
            $@"(?:^|/){kind}--([A-Za-z0-9._-]+?)--([A-Za-z0-9._-]+)(?:/snapshots/[^/""\s]+(?:/([^""\s]+))?)?",
            RegexOptions.CultureInvariant
        );

    [GeneratedRegex(@"^(.+?)--(.+)@.+$")]
    private static partial Regex Pulled();

    [GeneratedRegex("\"((?:/|[A-Za-z]:[\\\\/])[^\"\\n]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<![\w./:~-])(?:/|[A-Za-z]:[\\/])[^\s""',\]}]*[^\s""',\]}.*]")]
    private static partial Regex Plain();

    [GeneratedRegex(@"(?i)\b(password|pwd)\s*=[^;""\n]*")]
    private static partial Regex Password();
}
