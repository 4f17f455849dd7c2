using System.Collections.Immutable;
using System.Reflection;
using Attune.Core;

namespace Attune.Methods;

/// <summary>All methods: those of this assembly, and of other assemblies once they are registered.</summary>
public static class MethodRegistry
{
    private static readonly Lock Guard = new();
    private static ImmutableArray<Assembly> _assemblies = [typeof(MethodRegistry).Assembly];
    private static ImmutableArray<MethodCard> _cards = [.. Discover(typeof(MethodRegistry).Assembly)];

    /// <summary>The methods of Attune by folder and key, then those of other assemblies in the order of their registration.</summary>
    public static ImmutableArray<MethodCard> All
    {
        get
        {
            lock (Guard)
            {
                return _cards;
            }
        }
    }

    /// <summary>The assemblies that methods come from.</summary>
    public static ImmutableArray<Assembly> Assemblies
    {
        get
        {
            lock (Guard)
            {
                return _assemblies;
            }
        }
    }

    /// <summary>Adds the methods of an assembly; those of an assembly that was added before are left as they are.</summary>
    /// <exception cref="ConfigurationException">A method's key or command is taken.</exception>
    public static void Register(Assembly assembly)
    {
        lock (Guard)
        {
            if (_assemblies.Contains(assembly))
            {
                return;
            }

            ImmutableArray<MethodCard> all = [.. _cards, .. Discover(assembly)];
            Require(all, c => c.Key);
            Require(all, c => c.Command);
            (_assemblies, _cards) = (_assemblies.Add(assembly), all);
        }
    }

    /// <summary>The method of this key; null where there is none.</summary>
    public static MethodCard? Find(string key) => All.FirstOrDefault(c => c.Key == key);

    /// <summary>The method with these options; null where there is none.</summary>
    public static MethodCard? Of(Type options) => All.FirstOrDefault(c => c.Options == options);

    /// <summary>Options with a preset's values; null where the options belong to no method that has presets.</summary>
    /// <exception cref="ConfigurationException">The method has presets, but none of this name.</exception>
    public static object? Preset(Type options, string name) => Of(options) is { Presets.IsEmpty: false } card ? card.Preset(name) : null;

    private static IEnumerable<MethodCard> Discover(Assembly assembly) =>
        assembly
            .GetTypes()
            .Select(MethodCard.Of)
            .OfType<MethodCard>()
            .OrderBy(c => Family(c.Options))
            .ThenBy(c => c.Key, StringComparer.Ordinal);

    private static int Family(Type options) =>
        (options.Namespace ?? "").Split('.')[^1] switch
        {
            nameof(Supervised) => 0,
            nameof(Reward) => 1,
            nameof(Policy) => 2,
            nameof(Preference) => 3,
            _ => 4,
        };

    private static void Require(ImmutableArray<MethodCard> cards, Func<MethodCard, string> name)
    {
        if (cards.GroupBy(name).FirstOrDefault(g => g.Count() > 1) is { } taken)
        {
            throw new ConfigurationException(
                $"two methods are called '{taken.Key}': {string.Join(" and ", taken.Select(c => c.Options.FullName))}. Give one of them "
                    + "another key in its [Method]."
            );
        }
    }
}
