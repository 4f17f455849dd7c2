using System.Text;

namespace Attune.Data.Cleaning;

/// <summary>
/// Finds texts that share a run of words with an evaluation set, and so would teach what is asked there. Words are letters and digits,
/// whatever their case; what stands between them does not count. Runs of 13 words as for GPT-3 (Brown et al. 2020, appendix C), which let
/// go of shorter ones. A text of the evaluation set with 5 to 12 words counts where a text is equal to it; one with fewer does not
/// count, since answers such as "yes" or "42" stand everywhere.
/// </summary>
/// <param name="words">Of a run.</param>
/// <param name="fewest">Words of a text that counts as a whole.</param>
public sealed class Contamination(int words = Contamination.Gpt3Words, int fewest = 5)
{
    public const int Gpt3Words = 13;

    private readonly HashSet<string> _runs = new(StringComparer.Ordinal);
    private readonly HashSet<string> _short = new(StringComparer.Ordinal);

    /// <summary>With all texts of an evaluation set.</summary>
    public static Contamination Of(IEnumerable<string> texts)
    {
        var contamination = new Contamination();
        foreach (var text in texts)
        {
            contamination.Add(text);
        }

        return contamination;
    }

    /// <summary>Takes a text of the evaluation set.</summary>
    public void Add(string text)
    {
        var found = Words(text);
        if (found.Count >= words)
        {
            _runs.UnionWith(Runs(found));
        }
        else if (found.Count >= fewest)
        {
            _short.Add(string.Join(' ', found));
        }
    }

    /// <summary>Whether the text shares a run, or is one of the short texts.</summary>
    public bool Touches(string text)
    {
        var found = Words(text);
        return found.Count < words ? _short.Contains(string.Join(' ', found)) : Runs(found).Any(_runs.Contains);
    }

    private IEnumerable<string> Runs(List<string> found) =>
        Enumerable.Range(0, found.Count - words + 1).Select(start => string.Join(' ', found.Skip(start).Take(words)));

    private static List<string> Words(string text)
    {
        List<string> found = [];
        var word = new StringBuilder();
        foreach (var letter in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(letter) || Rune.GetUnicodeCategory(letter) == System.Globalization.UnicodeCategory.NonSpacingMark)
            {
                word.Append(Rune.ToLowerInvariant(letter));
            }
            else if (word.Length > 0)
            {
                found.Add(word.ToString());
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            found.Add(word.ToString());
        }

        return found;
    }
}
