using System.Text.RegularExpressions;

namespace Attune.Data.Sources;

/// <summary>The numbers of rows that pandas writes beside the columns.</summary>
internal static partial class IndexColumn
{
    public const string Note = "a column that only numbers the rows is not used";

    /// <summary>A column without a name, or with one that pandas makes up.</summary>
    public static bool Is(string name) => Names().IsMatch(name);

    [GeneratedRegex(@"^(__index_level_\d+__|Unnamed: \d+|)$")]
    private static partial Regex Names();
}
