using System.Collections.Concurrent;
using System.Reflection;
using Attune.Core;
using Attune.Core.Options;
using Attune.Methods;
using Attune.Methods.Preference;
using Attune.Recipes.Binding;

namespace Attune.Recipes.Stages;

/// <summary>On a stage: the options record of the method that it runs.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class RunsAttribute(Type options) : Attribute
{
    public Type Options { get; } = options;
}

/// <summary>
/// The stages of methods, made from their cards: the stage that names the method's options by <see cref="RunsAttribute"/>, else, for
/// methods that learn from pairs, <see cref="PairMethodStage{TMethod}"/>.
/// </summary>
public sealed class MethodStages : IVariantSource
{
    private static readonly ConcurrentDictionary<MethodCard, Type?> Records = new();

    /// <summary>The methods that can be run as a stage of this type.</summary>
    public IEnumerable<OptionCase> CasesOf(Type record) =>
        from card in MethodRegistry.All
        let stage = RecordOf(card)
        where stage is not null && stage.IsAssignableTo(record)
        select new OptionCase(card.Key, stage);

    /// <summary>The card of the method that a stage runs.</summary>
    /// <exception cref="InvariantException">It runs none.</exception>
    internal static MethodCard CardOf(Type stage) =>
        MethodRegistry.All.FirstOrDefault(c => RecordOf(c) == stage)
        ?? throw new InvariantException($"{stage.Name} runs no method with a [Method] card; it has to name its Kind, Purpose and Title.");

    /// <summary>Whether a stage runs a method, which trains.</summary>
    internal static bool IsMethod(Type stage) => MethodRegistry.All.Any(c => RecordOf(c) == stage);

    /// <summary>The stage's options record; null for a method that no stage runs.</summary>
    public static Type? RecordOf(MethodCard method) =>
        Records.GetOrAdd(
            method,
            static m =>
                MethodRegistry
                    .Assemblies.Append(typeof(Stage).Assembly)
                    .SelectMany(a => a.GetTypes())
                    .FirstOrDefault(t => t.GetCustomAttribute<RunsAttribute>()?.Options == m.Options)
                ?? (m.Options.IsAssignableTo(typeof(IPairMethod)) ? typeof(PairMethodStage<>).MakeGenericType(m.Options) : null)
        );
}
