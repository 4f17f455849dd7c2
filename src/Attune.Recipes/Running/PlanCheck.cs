using Attune.Core;

namespace Attune.Recipes.Running;

/// <summary>Finds before the first stage what would else come to light hours later, in the last.</summary>
internal static class PlanCheck
{
    /// <param name="ahead">Indices of the stages that are still to run: the others need nothing any more.</param>
    /// <exception cref="PlanException">Everything that a stage will not find.</exception>
    public static void Run(Recipe recipe, IEnumerable<int> ahead)
    {
        var unfinished = ahead.ToHashSet();
        var given = new Supplies(Policy: recipe.Model is not null, Tokenizer: false, Preferences: false, Reward: false);
        var problems = new List<string>();
        for (var i = 0; i < recipe.Stages.Length; i++)
        {
            if (unfinished.Contains(i))
            {
                problems.AddRange(recipe.Stages[i].Missing(given));
            }

            given = recipe.Stages[i].After(given);
        }

        if (problems.Count > 0)
        {
            throw new PlanException(problems);
        }
    }
}
