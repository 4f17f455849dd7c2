using System.Globalization;

namespace Attune.Recipes.Binding;

/// <summary>Where an option was given.</summary>
/// <param name="Source">A file, or what stood on the command line: <c>--set</c>, <c>--kl-coefficient</c>.</param>
/// <param name="Line">1 for the first; 0 where there are no lines.</param>
/// <param name="Column">1 for the first; 0 where there are no lines.</param>
public readonly record struct Place(string Source, int Line, int Column)
{
    /// <summary>The command line as a whole, for what is missing there.</summary>
    public static Place CommandLine { get; } = Of("command line");

    /// <summary>A place without lines.</summary>
    public static Place Of(string source) => new(source, 0, 0);

    /// <summary>The source alone, for what concerns all of it.</summary>
    public Place Whole => Of(Source);

    public override string ToString() => Line > 0 ? Source + ":" + Line.ToString(CultureInfo.InvariantCulture) : Source;
}
