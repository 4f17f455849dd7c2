using Attune.Core;
using Attune.Data.Reviews;
using Attune.Data.Simulation;

namespace Attune.Recipes.Sources;

/// <summary>Hidden utilities that simulated annotators can hold, by name.</summary>
public static class Utilities
{
    private const string Reviews = "reviews";

    public static IUtility Named(string name) => name == Reviews ? new ReviewUtility() : throw new PlanException(Unknown("utility", name));

    /// <summary>The sentence about an unknown name; nothing where it is known or left out.</summary>
    public static IEnumerable<string> Missing(string key, string? name) => name is null or Reviews ? [] : [Unknown(key, name)];

    private static string Unknown(string key, string name) => $"{key} '{name}' is not known; there is: {Reviews}.";
}
