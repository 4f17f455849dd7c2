using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>Arguments of a call.</summary>
internal sealed record JinjaArguments(ImmutableArray<object?> Positional, ImmutableArray<(string Name, object? Value)> Named)
{
    public static JinjaArguments None { get; } = new([], []);

    /// <summary>The argument at a place or of a name; the default where neither is given.</summary>
    public object? Get(int place, string name, object? otherwise = null)
    {
        if (place >= 0 && place < Positional.Length)
        {
            return Positional[place];
        }
        foreach (var (given, value) in Named)
        {
            if (given == name)
            {
                return value;
            }
        }

        return otherwise;
    }

    public object? Required(int place, string name)
    {
        var missing = new object();
        var value = Get(place, name, missing);
        return ReferenceEquals(value, missing) ? throw new JinjaException($"the argument '{name}' is missing") : value;
    }

    public JinjaArguments Skip(int count) => this with { Positional = Positional[Math.Min(count, Positional.Length)..] };
}
