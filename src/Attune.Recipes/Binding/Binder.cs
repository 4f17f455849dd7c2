using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>Fills options records from what was given, and says everything that is wrong with it at once.</summary>
public static class Binder
{
    /// <param name="path">Where the mapping stands, for messages: empty for a recipe, <c>sft</c> for its stage.</param>
    /// <param name="presets">
    /// The starting values of a record with a property <c>Preset</c>, by its value; null where there is no such preset (or a
    /// <see cref="ConfigurationException"/> that says which there are). Keys that are given override them.
    /// </param>
    /// <exception cref="ConfigurationException">Something is unknown, missing, of another type or out of range.</exception>
    public static T Bind<T>(OptionNode.Mapping node, string path = "", Func<Type, string, object?>? presets = null)
        where T : class
    {
        var problems = new ConfigurationProblems();
        var record = Bind(typeof(T), node, path, presets, problems);
        problems.ThrowIfAny();
        return (T)record;
    }

    /// <summary>As <see cref="Bind{T}"/>, for several mappings whose problems are told together.</summary>
    /// <returns>The record; of no use where <paramref name="problems"/> grew.</returns>
    public static object Bind(
        Type record,
        OptionNode.Mapping node,
        string path,
        Func<Type, string, object?>? presets,
        ConfigurationProblems problems
    ) => new BindingPass(presets, problems).Fill(OptionSchema.Of(record), node, path, node.Place.Whole, null);
}
