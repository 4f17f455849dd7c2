using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>Collects everything that is wrong with a recipe, so that it is told at once.</summary>
public sealed class ConfigurationProblems
{
    private readonly List<(Place Place, string Text)> _problems = [];

    public int Count => _problems.Count;

    /// <param name="text">A sentence: what was found, what was expected.</param>
    public void Add(Place place, string text) => _problems.Add((place, text));

    /// <summary>The problems in the order of their lines, each led by its place.</summary>
    public IReadOnlyList<string> InOrder() =>
        [.. _problems.OrderBy(p => p.Place.Source, StringComparer.Ordinal).ThenBy(p => p.Place.Line).Select(p => Told(p.Place, p.Text))];

    /// <exception cref="ConfigurationException">There is a problem; all of them are in it.</exception>
    public void ThrowIfAny()
    {
        if (Count > 0)
        {
            throw new ConfigurationException(InOrder());
        }
    }

    // An option of the command line is named by the text itself: "--seed is 'x'", not "--seed: --seed is 'x'".
    private static string Told(Place place, string text) =>
        place.Line == 0
        && place.Source.StartsWith("--", StringComparison.Ordinal)
        && text.StartsWith(place.Source + " ", StringComparison.Ordinal)
            ? text
            : $"{place}: {text}";
}
