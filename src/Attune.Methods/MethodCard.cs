using System.Collections.Immutable;
using System.Reflection;
using Attune.Core;

namespace Attune.Methods;

/// <summary>A method as recipes, the command line, reports and the documentation know it.</summary>
public sealed class MethodCard
{
    private readonly MethodAttribute _card;

    private MethodCard(Type options, MethodAttribute card)
    {
        (Options, _card) = (options, card);
        Presets = options.IsAssignableTo(typeof(IHasPresets))
            ? (ImmutableArray<Preset>)
                options.GetProperty(nameof(IHasPresets.Presets), BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!
            : [];
    }

    /// <summary>The options record that carries the card.</summary>
    public Type Options { get; }

    public string Key => _card.Key;
    public string Name => _card.Name;
    public string Summary => _card.Summary;
    public string? Paper => _card.Paper;
    public string Example => _card.Example;
    public string Command => _card.Command ?? _card.Key;

    /// <summary>Empty where there are none.</summary>
    public ImmutableArray<Preset> Presets { get; }

    /// <summary>The card of an options record; null where it has none.</summary>
    public static MethodCard? Of(Type options) => options.GetCustomAttribute<MethodAttribute>() is { } card ? new(options, card) : null;

    /// <summary>The options with a preset's values.</summary>
    /// <exception cref="ConfigurationException">There is no such preset; the message lists those there are.</exception>
    public object Preset(string name)
    {
        var preset = Presets.FirstOrDefault(p => p.Name == name);
        if (preset is null)
        {
            string[] names = [.. Presets.Select(p => p.Name)];
            throw new ConfigurationException(
                $"preset '{name}' is not known; there {(names.Length == 1 ? "is" : "are")} {string.Join(", ", names)}."
                    + Suggestion.For(name, names)
            );
        }

        var options = Activator.CreateInstance(Options)!;
        preset.ApplyTo(options);
        return options;
    }
}
