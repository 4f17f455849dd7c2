using Attune.Core;
using Attune.Data.Judging;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Sources;

/// <summary>Reads constitutions as strictly as recipes.</summary>
public static class ConstitutionFile
{
    /// <exception cref="ConfigurationException">Everything that is wrong with the file, each with its line.</exception>
    public static Constitution Read(string path) =>
        File.Exists(path)
            ? Binder.Bind<Constitution>(RecipeFile.Read(path))
            : throw new ConfigurationException(
                $"{path} does not exist; expected a constitution, a .yaml file with principles (recipes/constitutions has some)."
            );

    /// <summary>What is wrong with it, each one sentence.</summary>
    /// <param name="key">Where it is named.</param>
    internal static IEnumerable<string> Missing(string key, string path, bool byRule)
    {
        Constitution constitution;
        try
        {
            constitution = Read(path);
        }
        catch (ConfigurationException problem)
        {
            return problem.Problems.Select(p => $"{key}: {p}");
        }

        return byRule && constitution.Principles.All(p => p.Avoid.IsEmpty)
            ? [$"{key}: no principle of {path} has avoid, and the critic by rule knows nothing else. Name a model as the critic."]
            : [];
    }
}
