using Attune.Core;
using Attune.Data.Reviews;
using Attune.Data.Simulation;

namespace Attune.Recipes.Sources;

/// <summary>Hidden utilities that simulated annotators can hold, by name.</summary>
public static class Utilities
{
    public static IUtility Named(string name) => name == "reviews" ? new ReviewUtility()
        : throw new PlanException($"utility '{name}' is not known; there is: reviews.");
}
