using Attune.Core;
using Attune.Data.Formats;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Recipes.Stages;
using Attune.Text.Templates;

namespace Attune.Recipes;

/// <summary>Finds before the first stage what would else come to light hours later, in the last.</summary>
internal static class ConfigurationCheck
{
    /// <param name="given">What is there before the first stage.</param>
    /// <param name="ahead">Indices of the stages that are still to run: the others need nothing any more.</param>
    /// <exception cref="ConfigurationException">Everything that a stage will not find.</exception>
    public static void Run(Recipe recipe, Artifacts given, IEnumerable<int> ahead) => Run(recipe, PlannedArtifacts.Of(given), ahead);

    /// <inheritdoc cref="Run(Recipe, Artifacts, IEnumerable{int})"/>
    public static void Run(Recipe recipe, PlannedArtifacts given, IEnumerable<int> ahead)
    {
        var unfinished = ahead.ToHashSet();
        var problems = new List<string>();
        for (var i = 0; i < recipe.Stages.Length; i++)
        {
            if (unfinished.Contains(i))
            {
                problems.AddRange(recipe.Stages[i].Missing(given));
                if (recipe.Stages[i].Template is { } chosen && TemplateFiles.ProblemWith(chosen) is { } problem)
                {
                    problems.Add($"{recipe.Stages[i].Kind}.template: {problem}");
                }

                problems.AddRange(ProblemsOfColumns(recipe.Stages[i]));
                problems.AddRange(DataSource.MissingFile($"{recipe.Stages[i].Kind}.decontaminate", recipe.Stages[i].Decontaminate));
            }

            given = recipe.Stages[i].After(given);
        }

        if (problems.Count > 0)
        {
            throw new ConfigurationException(problems);
        }
    }

    private static IEnumerable<string> ProblemsOfColumns(Stage stage)
    {
        try
        {
            _ = stage.Columns is { } text ? DatasetFile.Columns(text) : null;
            return [];
        }
        catch (ConfigurationException problem)
        {
            return [$"{stage.Kind}.{problem.Message}"];
        }
    }
}
