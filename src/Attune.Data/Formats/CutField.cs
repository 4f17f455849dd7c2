using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Feedback;
using Attune.Data.Sources;

namespace Attune.Data.Formats;

/// <summary>
/// Which answers of a row were cut: "cut" is true for a single answer, names those of a pair, and lists the positions of several. Rows
/// without it have answers that ended.
/// </summary>
internal static class CutField
{
    public const string Name = "cut";

    private static readonly ImmutableArray<string> Pair = ["chosen", "rejected"];

    /// <summary>For rows with one answer.</summary>
    public static CutAnswers Read(RowFields row) => CutAnswers.Of([row.Has(Name) && row.Flag(Name)]);

    /// <summary>For pairs.</summary>
    public static CutAnswers ReadPair(RowFields row) =>
        !row.Has(Name)
            ? default
            : CutAnswers.At(
                row.Texts(Name).Select((name, i) => Position(row, i, Pair.IndexOf(name), Pair.Length, "\"chosen\" or \"rejected\""))
            );

    /// <summary>For rows with several answers.</summary>
    public static CutAnswers ReadSeveral(RowFields row, int answers) =>
        !row.Has(Name)
            ? default
            : CutAnswers.At(
                row.List(Name)
                    .Select(
                        (value, i) =>
                            Position(row, i, row.WholeNumber(value, $"{Name}[{i}]"), answers, $"the index of an answer, 0 to {answers - 1}")
                    )
            );

    public static void Write(Utf8JsonWriter json, Label label)
    {
        if (label.Cut.IsEmpty)
        {
            return;
        }

        switch (label)
        {
            case Preference:
                ListField.Write(json, Name, label.Cut.Positions.Select(p => Pair[p]));
                break;
            case Choice or Ranking:
                json.WriteStartArray(Name);
                foreach (var position in label.Cut.Positions)
                {
                    json.WriteNumberValue(position);
                }

                json.WriteEndArray();
                break;
            default:
                json.WriteBoolean(Name, true);
                break;
        }
    }

    private static int Position(RowFields row, int index, int found, int answers, string expected)
    {
        if (!row.Failed && (found < 0 || found >= answers))
        {
            row.Fail($"{Name}[{index}]", $"found {ValueDescription.Of(row.Get(Name)[index])}; expected {expected}.");
        }

        return found;
    }
}
