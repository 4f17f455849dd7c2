using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files;

/// <summary>
/// PEFT's rank_pattern and alpha_pattern: a number for the modules that an expression fits. It has to fit the whole name or its end after
/// a dot; the first that fits counts.
/// </summary>
internal sealed class PeftPattern
{
    private readonly ImmutableArray<(Regex Key, double Value)> _entries;

    private PeftPattern(ImmutableArray<(Regex Key, double Value)> entries)
    {
        _entries = entries;
    }

    internal static PeftPattern None { get; } = new([]);

    internal bool IsEmpty => _entries.IsEmpty;

    /// <summary>The number for a module; null where no expression fits.</summary>
    internal double? Of(string module)
    {
        foreach (var (key, value) in _entries)
        {
            if (key.IsMatch(module))
            {
                return value;
            }
        }

        return null;
    }

    /// <exception cref="Core.ModelFileException">A key is no expression that can be read, or a value no number above 0.</exception>
    internal static PeftPattern Read(ConfigFields fields, string name)
    {
        if (fields.Section(name) is not { } section)
        {
            return fields.Has(name) ? throw fields.Problem(name, "is no object; expected numbers by names of modules") : None;
        }

        return new([.. section.Names.Select(key => (Expression(section, key), Positive(section, key)))]);
    }

    private static double Positive(ConfigFields fields, string key) =>
        fields.Real(key, double.NaN) is > 0 and var value ? value : throw fields.Problem(key, "is no number above 0");

    private static Regex Expression(ConfigFields fields, string key)
    {
        try
        {
            // A file from elsewhere: an expression that takes for ever is not to be possible.
            return new Regex($@"^(?:.*\.)?(?:{key})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception problem) when (problem is ArgumentException or NotSupportedException)
        {
            throw fields.Problem(key, $"is an expression that cannot be read here: {problem.Message}");
        }
    }
}
