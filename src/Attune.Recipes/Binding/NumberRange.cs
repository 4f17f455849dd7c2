using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Attune.Recipes.Binding;

/// <summary>The numbers an option may have.</summary>
/// <param name="Minimum">Itself allowed, unless <paramref name="AboveMinimum"/>.</param>
/// <param name="Maximum">Itself allowed, unless <paramref name="BelowMaximum"/>.</param>
public sealed record NumberRange(double Minimum, double Maximum, bool AboveMinimum, bool BelowMaximum)
{
    internal static NumberRange? Of(RangeAttribute? range) =>
        range is null
            ? null
            : new(
                Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture),
                Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture),
                range.MinimumIsExclusive,
                range.MaximumIsExclusive
            );

    public bool Contains(double value) =>
        (AboveMinimum ? value > Minimum : value >= Minimum) && (BelowMaximum ? value < Maximum : value <= Maximum);

    /// <summary>"0 to 1", "at least 1", "above 0, at most 1".</summary>
    public override string ToString()
    {
        // Bounds at the end of a type are there because the attribute wants one, not because they mean something.
        var endless = Maximum is int.MaxValue or >= long.MaxValue;
        if (!AboveMinimum && !BelowMaximum && !endless)
        {
            return $"{ScalarText.Format(Minimum)} to {ScalarText.Format(Maximum)}";
        }

        var lower = (AboveMinimum ? "above " : "at least ") + ScalarText.Format(Minimum);
        return endless ? lower : $"{lower}, {(BelowMaximum ? "below" : "at most")} {ScalarText.Format(Maximum)}";
    }
}
