using Attune.Reports.Html;

namespace Attune.Reports.Sections;

/// <summary>The recipe that was run.</summary>
internal static class RecipeSection
{
    /// <param name="recipe">YAML; null where there is none, and then nothing is written.</param>
    public static void Write(Markup html, string? recipe)
    {
        if (recipe is null)
        {
            return;
        }

        using (html.Open("section", ("id", "recipe")))
        {
            html.Element("h2", "The recipe of this run");
            html.Element("pre", recipe.TrimEnd(), ("class", "card"));
        }
    }
}
